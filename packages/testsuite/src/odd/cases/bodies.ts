import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { FileInfo } from '@stowage/core'
import type { Answer, Head, Seen } from '../../faults/fault.ts'
import { eachOperation, type OddCase } from '../case.ts'
import { FILES, OFFSET, operation, operations } from '../operations.ts'
import { failedBut, type OddWorld, type Outcome, shown } from '../world.ts'

const MIB = 1024 * 1024
/** What a driver may take in of an error, and of a page, before it gives up; sockets hold 4 MiB for each request. */
const MOST = { error: 16 * MIB, page: 128 * MIB }
const FILE = FILES['/file'] as Buffer
/** Bytes of a body that is cut. */
const CUT = 300

/** The right bytes, or an error: never something in between. */
function isWholeOrFailed(outcome: Outcome, right: Buffer): void {
  if ('error' in outcome) {
    failedBut(outcome, 'PATH_NOT_FOUND')
    return
  }
  const bytes = outcome.value as Uint8Array
  assert.ok(right.equals(bytes), `it gave ${bytes.length} bytes, of ${right.length} or other ones`)
}

/** Only while the body of a file is read. */
const reading = (change: (head: Head) => Head) => (seen: Seen) =>
  seen.operation === 'read' ? { change } : undefined

function withHeaders(head: Head, headers: Head['headers']): Head {
  return { ...head, headers: { ...head.headers, ...headers } }
}

/** Bytes without an end; says how many were taken. */
function endless(status: number, start: string, headers: Record<string, string> = {}) {
  const taken = { bytes: 0 }
  const blanks = Buffer.alloc(64 * 1024, ' ')
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(start)
    for (;;) {
      taken.bytes += blanks.length
      yield blanks
    }
  }
  const answer: Answer = {
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body,
  }
  return { taken, answer }
}

async function givesUp(world: OddWorld, id: string, status: number, most: number): Promise<void> {
  const these = ['list', 'stat', 'getContent', 'putContent', 'delete'].map(operation)
  await eachOperation(
    world,
    id,
    async (one) => {
      const { taken, answer } = endless(status, '<?xml version="1.0"?><ListBucketResult>')
      const hit = (seen: Seen): boolean => status !== 200 || seen.operation === 'list'
      const outcome = await world.outcome(one, (seen) => (hit(seen) ? { answer } : undefined))
      if (status !== 200 || one.id === 'list') failedBut(outcome, 'PATH_NOT_FOUND')
      assert.ok(taken.bytes < most, `it took ${taken.bytes} bytes of an answer without an end`)
    },
    status === 200 ? these.slice(0, 1) : these,
  )
}

export const bodies: readonly OddCase[] = [
  {
    id: 'body-longer',
    title: 'a body that promises more than comes is an error, never a shorter file',
    async run(world) {
      for (const id of ['getContent', 'reader']) {
        const right = id === 'reader' ? FILE.subarray(OFFSET) : FILE
        // All of the file and less than promised, or a part of it.
        for (const [more, after] of [
          [7, FILE.length],
          [0, CUT],
        ] as const) {
          let times = 0
          const rule = (seen: Seen) => {
            if (seen.operation !== 'read' || times++ > 20) return undefined
            const change = (head: Head): Head => {
              const length = Number(head.headers['content-length']) + more
              return withHeaders(head, { 'content-length': String(length) })
            }
            return { change, cutReply: { after, how: 'close' as const } }
          }
          isWholeOrFailed(await world.outcome(operation(id), rule), right)
        }
      }
    },
  },
  {
    id: 'body-no-length',
    title: 'a body without a length is read whole',
    async run(world) {
      const change = (head: Head): Head => withHeaders(head, { 'content-length': undefined })
      for (const id of ['getContent', 'reader']) {
        const right = id === 'reader' ? FILE.subarray(OFFSET) : FILE
        isWholeOrFailed(await world.outcome(operation(id), reading(change)), right)
      }
    },
  },
  {
    id: 'body-short-range',
    title: 'a range that is shorter than asked for is resumed or an error',
    async run(world) {
      let times = 0
      const rule = (seen: Seen) => {
        const [, from = '0'] = /bytes=(\d+)-/.exec(String(seen.headers.range ?? '')) ?? []
        if (seen.operation !== 'read' || seen.headers.range === undefined || times++ > 0) {
          return undefined
        }
        const start = Number(from)
        const body = FILE.subarray(start, start + 10)
        const headers = {
          'content-length': String(body.length),
          'content-range': `bytes ${start}-${FILE.length - 1}/${FILE.length}`,
        }
        return { answer: { status: 206, headers, body } }
      }
      const outcome = await world.outcome(operation('reader'), rule)
      isWholeOrFailed(outcome, FILE.subarray(OFFSET))
    },
  },
  {
    id: 'head-no-length',
    title: 'stat never makes up a size where the answer has none',
    async run(world) {
      const change = (head: Head): Head => withHeaders(head, { 'content-length': undefined })
      const rule = (seen: Seen) => (seen.method === 'HEAD' ? { change } : undefined)
      const outcome = await world.outcome(operation('stat'), rule)
      if ('error' in outcome) failedBut(outcome, 'PATH_NOT_FOUND')
      else assert.equal((outcome.value as FileInfo).size, FILE.length)
    },
  },
  {
    id: 'gzip-unasked',
    title: 'a compressed listing that nobody asked for is read or refused',
    async run(world) {
      const rule = (seen: Seen) => {
        if (seen.operation !== 'list') return undefined
        const entries = [{ key: `${world.dialect.prefixOf(seen)}a`, size: '5' }]
        const plain = world.dialect.page({ entries, more: false }) as Answer
        const headers = { ...plain.headers, 'content-encoding': 'gzip' }
        return { answer: { ...plain, headers, body: gzipSync(String(plain.body)) } }
      }
      const outcome = await world.outcome(operation('list'), rule)
      if ('error' in outcome) failedBut(outcome, 'PATH_NOT_FOUND')
      else assert.deepEqual(outcome.value, ['/dir/a'])
    },
  },
  {
    id: 'keep-alive-hint',
    title: "a server's Keep-Alive hint does not end a request that takes longer",
    async run(world) {
      const driver = await world.driver({ idleTimeoutMs: 30_000 })
      const change = (head: Head): Head =>
        withHeaders(head, { connection: 'keep-alive', 'keep-alive': 'timeout=2' })
      const hinted = await world.outcome(operation('stat'), () => ({ change }), driver)
      assert.ok('value' in hinted, `stat failed: ${shown(hinted)}`)
      const outcome = await world.outcome(
        operation('stat'),
        () => ({ hold: () => wait(2500) }),
        driver,
      )
      assert.ok(
        'value' in outcome,
        'a request that took 2.5 s failed, with an idle timeout of 30 s',
      )
      assert.equal(world.count('head'), 1, 'requests of one stat')
    },
  },
  {
    id: 'endless-error',
    title: 'an error without an end is given up, and fills no memory',
    run: (world) => givesUp(world, 'endless-error', 400, MOST.error),
  },
  {
    id: 'endless-page',
    title: 'a page without an end is given up, and fills no memory',
    run: (world) => givesUp(world, 'endless-page', 200, MOST.page),
  },
  {
    id: 'trickle',
    title: 'a request without content has a limit of time in all, however slowly bytes arrive',
    async run(world) {
      const these = operations.filter(({ id }) => id === 'list' || id === 'walk')
      await eachOperation(
        world,
        'trickle',
        async (one) => {
          const limits = { idleTimeoutMs: 5_000, requestTimeoutMs: 1_000 }
          const driver = await world.driver(limits)
          async function* body(): AsyncGenerator<Uint8Array> {
            for (;;) {
              yield Buffer.from(' ')
              await wait(50)
            }
          }
          const headers = { 'content-type': 'application/xml' }
          const rule = () => ({ answer: { status: 200, headers, body } })
          failedBut(await world.outcome(one, rule, driver), 'PATH_NOT_FOUND')
        },
        these,
      )
    },
  },
]
