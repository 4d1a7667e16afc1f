import type { Readable } from 'node:stream'
import type { FileInfo, FileWriter, OperationOptions, StorageDriver } from '@stowage/core'
import { bytesOf, type Operation, textOf } from './operations.ts'

/** The reason of every abort: it has to arrive as this very object. */
const REASON: Error = Object.assign(new Error('aborted by the model'), {
  name: 'AbortError',
})
/** Times that the model gives are all before this one. */
const NO_GIVEN_TIME = Date.UTC(2010)
/** A day after the test: every upload is older. */
const TOMORROW = 24 * 3600 * 1000

export interface Slot {
  readonly writer: FileWriter
  readonly controller: AbortController
}

/** The oracle or the driver under test, with the writers and readers that the sequence has open. */
export class Side {
  readonly #open: () => Promise<StorageDriver>
  readonly #count: number
  #instances: StorageDriver[] = []
  readonly writers: Map<number, Slot> = new Map()
  readonly #readers = new Map<number, Readable>()

  constructor(open: () => Promise<StorageDriver>, count: number) {
    this.#open = open
    this.#count = count
  }

  async start(): Promise<void> {
    for (let i = 0; i < this.#count; i++) this.#instances.push(await this.#open())
  }

  driver(instance: number): StorageDriver {
    const driver = this.#instances[instance % this.#count]
    if (driver === undefined) throw new Error('the storage is not open')
    return driver
  }

  /** Ends all that is open, then the instances: each, also where one fails. */
  async stop(): Promise<void> {
    try {
      await this.#rest()
    } finally {
      await closeAll(this.#instances.splice(0))
    }
  }

  /** Goes on with new instances; one that would lose its data by that stays. */
  async reopen(): Promise<void> {
    if (!this.driver(0).capabilities.persistent) return this.#rest()
    await this.stop()
    await this.start()
  }

  /** Ends all that is open. */
  async #rest(): Promise<void> {
    for (const reader of this.#readers.values()) reader.destroy()
    this.#readers.clear()
    const writers = [...this.writers.values()]
    this.writers.clear()
    for (const { writer } of writers) await writer.close()
  }

  /** Carries the operation out; the value is plain data, equal on both sides if both are right. */
  async perform(operation: Operation): Promise<unknown> {
    const run = RUN[operation.kind] as (side: Side, operation: Operation) => Promise<unknown>
    return run(this, operation)
  }

  get readers(): Map<number, Readable> {
    return this.#readers
  }
}

/** Closes each, also where one fails. @throws what the first one failed with. */
async function closeAll(drivers: readonly StorageDriver[]): Promise<void> {
  for (const one of await Promise.allSettled(drivers.map((driver) => driver.close()))) {
    if (one.status === 'rejected') throw one.reason
  }
}

type Runs = {
  [K in Operation['kind']]: (side: Side, operation: Operation & { kind: K }) => Promise<unknown>
}

const RUN: Runs = {
  async putContent(side, { instance, path, content, text, modTime, ...rest }) {
    const driver = side.driver(instance)
    const given = {
      ...options(rest),
      ...(modTime !== undefined && { modTime: new Date(modTime) }),
    }
    if (text) return driver.putContent(path, textOf(content), given)
    const bytes = bytesOf(content)
    await driver.putContent(path, bytes, given)
    bytes.fill(0xee) // the caller's buffer is the caller's again
  },
  async getContent(side, { instance, path, ...rest }) {
    const content = await side.driver(instance).getContent(path, options(rest))
    const copy = Buffer.from(content)
    content.fill(0xdd)
    return copy
  },
  async stat(side, { instance, path, ...rest }) {
    const info = await side.driver(instance).stat(path, options(rest))
    return { ...plain(info), ...givenTime(info) }
  },
  async delete(side, { instance, path, ...rest }) {
    await side.driver(instance).delete(path, options(rest))
  },
  async read(side, { instance, path, offset, length, ...rest }) {
    const range = { offset, length, ...options(rest) }
    return drain(await side.driver(instance).reader(path, range))
  },
  async list(side, { instance, path, take, ...rest }) {
    const found: string[] = []
    for await (const child of side.driver(instance).list(path, options(rest))) {
      found.push(child)
      if (found.length >= take) break
    }
    return found
  },
  async walk(side, { instance, path, take, startAfter, skips, ...rest }) {
    const found: unknown[] = []
    const walk = side.driver(instance).walk(path, { startAfter, ...options(rest) })
    for await (const entry of walk) {
      found.push(plain(entry))
      if (found.length >= take) break
      if ((skips >> (found.length % 8)) & 1) walk.skipDir()
    }
    return found
  },
  async move(side, { instance, path, destination, ...rest }) {
    await side.driver(instance).move(path, destination, options(rest))
  },
  async purge(side, { instance, path, dryRun, ...rest }) {
    const olderThan = new Date(Date.now() + TOMORROW)
    const request = { olderThan, dryRun, ...options(rest) }
    const uploads = await side.driver(instance).purgeUploads(path, request)
    return uploads.map((upload) => upload.path).sort()
  },
  async writer(side, { instance, slot, path, append, aborted }) {
    side.writers.delete(slot)
    const controller = new AbortController()
    if (aborted) controller.abort(REASON)
    const { signal } = controller
    const writer = await side.driver(instance).writer(path, { append, signal })
    side.writers.set(slot, { writer, controller })
    return { path: writer.path, size: writer.size }
  },
  async write(side, { slot, content }) {
    const { writer } = taken(side, slot)
    const bytes = bytesOf(content)
    const written = await writer.write(bytes)
    bytes.fill(0xee)
    return { written, size: writer.size }
  },
  close: (side, { slot }) => taken(side, slot).writer.close(),
  cancel: (side, { slot }) => taken(side, slot).writer.cancel(),
  commit: (side, { slot }) => taken(side, slot).writer.commit(),
  async abort(side, { slot }) {
    const { writer, controller } = taken(side, slot)
    controller.abort(REASON)
    await writer.cancel()
  },
  async open(side, { instance, slot, path, offset, ...rest }) {
    side.readers.get(slot)?.destroy()
    side.readers.delete(slot)
    const reader = await side.driver(instance).reader(path, { offset, ...options(rest) })
    // It may fail before anybody reads it.
    reader.on('error', () => {})
    side.readers.set(slot, reader)
  },
  async finish(side, { slot }) {
    const reader = side.readers.get(slot)
    side.readers.delete(slot)
    return reader && drain(reader)
  },
  reopen: (side) => side.reopen(),
}

function taken(side: Side, slot: number): Slot {
  const found = side.writers.get(slot)
  if (found === undefined) throw new Error(`no writer w${slot}`)
  return found
}

function options({ aborted }: { aborted: boolean }): OperationOptions {
  return aborted ? { signal: AbortSignal.abort(REASON) } : {}
}

async function drain(reader: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of reader) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** A FileInfo without its time, which no two storages share, but which a file must have. */
function plain({ path, size, isDir, modTime }: FileInfo): object {
  const dated = isDir || Number.isFinite(modTime?.getTime?.())
  return { path, size, isDir, ...(dated ? {} : { modTime: String(modTime) }) }
}

/** The time of a file that was given one, as exactly as every backend keeps it. A walk may tell another. */
function givenTime({ isDir, modTime }: FileInfo): object {
  const given = !isDir && modTime.getTime() < NO_GIVEN_TIME
  return given ? { given: Math.round(modTime.getTime() / 10_000) } : {}
}
