import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Place } from './places.ts'

const MIB = 1024 * 1024
const PROGRAM = fileURLToPath(new URL('./work.ts', import.meta.url))
/**
 * What 128 busy connections and files hold besides, whatever their content: buffers of sockets, of the HTTP parser and
 * of hashes.
 */
const OVERHEAD_EACH = 256 * 1024

/** What the measured process is to do. */
export interface Job {
  readonly place: Pick<Place, 'driver' | 'parameters'>
  /** Writers, and as many readers. */
  readonly count: number
  /** Bytes of each file, and how many each of them writes or reads one after the other. */
  readonly file: number
  readonly files: number
}

/** Bytes above what the process held before. */
export interface Result {
  /** Most that was still held after a collection. */
  readonly held: number
  /** Most at any look, garbage included. */
  readonly peak: number
  readonly rss: number
  readonly seconds: number
  readonly mib: number
}

export interface Measured extends Result {
  readonly what: string
  readonly count: number
  /** What the contract allows, and with what is allowed besides. */
  readonly bound: number
  readonly limit: number
}

/** Lets as many writers and readers work on so much data in all, in a process of its own. */
export async function measure(place: Place, count: number, total: number): Promise<Measured> {
  const each = total / 2 / count
  const perWriter = place.part * (place.concurrency + 1)
  // Twice what a writer may hold: who holds a whole file is found.
  const file = Math.min(each, Math.max(2 * perWriter, 4 * MIB))
  const { driver, parameters } = place
  const job: Job = {
    place: { driver, parameters },
    ...{ count, file: Math.round(file), files: Math.max(1, Math.round(each / file)) },
  }
  // The caller has a chunk in hand while the next one waits.
  const bound = count * (perWriter + 2 * place.chunk + (place.keeps ? job.file : 0))
  const limit = bound + 2 * count * OVERHEAD_EACH
  const child = fork(PROGRAM, [], {
    execArgv: [
      ...['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning', '--expose-gc'],
    ],
  })
  const exit = once(child, 'exit')
  child.send(job)
  const ended = exit.then(([code]) => {
    throw new Error(`the measured process ended with ${code}`)
  })
  ended.catch(() => {})
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [Result]
  await exit
  return { what: place.what, count, bound, limit, ...result }
}

/** One line for a reader. */
export function told({ what, count, mib, seconds, held, peak, rss, bound }: Measured): string {
  const [heldMiB, peakMiB, rssMiB, boundMiB] = [held, peak, rss, bound].map((bytes) =>
    (bytes / MIB).toFixed(0),
  )
  return [
    `${what}: ${count} writers and ${count} readers, ${(mib / 1024).toFixed(2)} GiB in ${seconds.toFixed(0)} s`,
    `  held ${heldMiB} MiB of ${boundMiB} that the contract allows; with garbage ${peakMiB}; RSS grew by ${rssMiB}`,
  ].join('\n')
}
