// The process that is measured: 64 writers and 64 readers at once, and nothing else.
import assert from 'node:assert/strict'
import { setImmediate as immediate } from 'node:timers/promises'
import { create, type StorageDriver } from '@stowage/core'
import '@stowage/driver-azure'
import '@stowage/driver-fs'
import '@stowage/driver-gcs'
import '@stowage/driver-inmemory'
import '@stowage/driver-s3'
import type { Job, Result } from './measure.ts'

const MIB = 1024 * 1024
/** Bytes that are written at a time. */
const PIECE = 64 * 1024
/** Bytes of a file between two turns of the event loop. */
const TURN = 16 * PIECE
/** A prime: what is lost, doubled or moved by any round number of bytes is noticed. */
const PERIOD = 1_048_573
/** Between two looks at the memory, and between two looks after a collection. */
const LOOK_MS = 20
const COLLECT_MS = 400

/** Content that needs no memory of its own: byte i is that of i modulo the period. */
const pattern = Buffer.allocUnsafeSlow(PERIOD)
for (let i = 0; i < PERIOD; i++) pattern[i] = (Math.imul(i, 0x9e3779b1) >>> 24) & 255

/** Lets timers run now and then: a driver that waits for nothing would keep them from looking. */
async function letTimersRun(at: number): Promise<void> {
  if (at % TURN < PIECE) await immediate()
}

async function write(driver: StorageDriver, path: string, size: number): Promise<void> {
  const writer = await driver.writer(path)
  for (let at = 0; at < size; ) {
    const from = at % PERIOD
    const piece = pattern.subarray(from, Math.min(from + PIECE, PERIOD, from + size - at))
    await writer.write(piece)
    at += piece.length
    await letTimersRun(at)
  }
  await writer.commit()
}

async function read(driver: StorageDriver, path: string, size: number): Promise<void> {
  let at = 0
  for await (const chunk of await driver.reader(path)) {
    for (let done = 0; done < chunk.length; ) {
      const from = (at + done) % PERIOD
      const length = Math.min(chunk.length - done, PERIOD - from)
      const same = Buffer.compare(
        chunk.subarray(done, done + length),
        pattern.subarray(from, from + length),
      )
      assert.equal(same, 0, `wrong bytes from ${at + done} on`)
      done += length
    }
    at += chunk.length
    await letTimersRun(at)
  }
  assert.equal(at, size, 'number of bytes')
}

/** Bytes of buffers that somebody still refers to. */
function bytesHeld(): number {
  // The first run may leave what only finalisers held.
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().arrayBuffers
}

/** Looks at the memory until it is stopped. */
class Watch {
  peak = 0
  held = Number.NEGATIVE_INFINITY
  rss = 0
  readonly #timers: NodeJS.Timeout[]

  constructor() {
    const look = (): void => {
      this.peak = Math.max(this.peak, process.memoryUsage().external)
      this.rss = Math.max(this.rss, process.memoryUsage.rss())
    }
    const collect = (): void => {
      look()
      this.held = Math.max(this.held, bytesHeld())
    }
    this.#timers = [setInterval(look, LOOK_MS), setInterval(collect, COLLECT_MS)]
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }
}

async function work({ place, count, file, files }: Job): Promise<Result> {
  const driver = await create(place.driver, place.parameters)
  // Everything is loaded and connected once before the baseline.
  await write(driver, '/read', file)
  await read(driver, '/read', file)
  const held = bytesHeld()
  const base = { held, external: process.memoryUsage().external, rss: process.memoryUsage.rss() }
  const watch = new Watch()
  const start = performance.now()
  const all = Array.from({ length: count }, (_, index) => index)
  const writers = all.map(async (index) => {
    for (let turn = 0; turn < files; turn++) {
      const path = `/written/${index}-${turn}`
      await write(driver, path, file)
      assert.equal((await driver.stat(path)).size, file)
      await driver.delete(path)
    }
  })
  const readers = all.map(async () => {
    for (let turn = 0; turn < files; turn++) await read(driver, '/read', file)
  })
  await Promise.all([...writers, ...readers])
  watch.stop()
  assert.ok(Number.isFinite(watch.held), 'nobody looked at the memory: give it more data')
  await driver.delete('/read')
  await driver.close()
  return {
    ...{ held: watch.held - base.held, peak: watch.peak - base.external },
    rss: watch.rss - base.rss,
    seconds: (performance.now() - start) / 1000,
    mib: (2 * count * files * file) / MIB,
  }
}

process.once('message', (job) => {
  work(job as Job).then(
    (result) => process.send?.(result, () => process.exit(0)),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
