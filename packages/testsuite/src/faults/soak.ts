import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import type { StorageDriver } from '@stowage/core'
import { empty } from '../context.ts'
import { heldBytes } from '../memory.ts'
import { type FaultProxy, startFaultProxy } from './proxy.ts'
import { randomFaults } from './random-faults.ts'
import type { Vendor } from './refusals.ts'
import { SoakWorker } from './soak-worker.ts'

/** What a soak needs to know of a driver; `create` and `upstream` are those of the fault suite. */
export interface SoakOptions {
  readonly name: string
  /** URL of the backend. Left out where there is none: then the network is not bad. */
  readonly upstream?: string | (() => string | Promise<string>) | undefined
  create(
    storage: string,
    endpoint: string,
    limits: { readonly idleTimeoutMs?: number | undefined },
  ): StorageDriver | Promise<StorageDriver>
  readonly seconds: number
  /** In whose words the proxy refuses. */
  readonly vendor?: Vendor | undefined
  readonly idleTimeoutMs?: number | undefined
  /** Part of the requests that meet a fault. Default 0.08. */
  readonly faultRate?: number | undefined
  /** That work at a time. Default 4. */
  readonly workers?: number | undefined
  readonly partSize?: number | undefined
  /** Default: another one each time. */
  readonly seed?: number | undefined
  /** Looks at memory and handles so often. Default 12. */
  readonly samples?: number | undefined
  onSample?(sample: SoakSample): void
}

/** What the process holds while nobody works. */
export interface SoakSample {
  readonly seconds: number
  readonly operations: number
  /** Operations that failed with an error that they may fail with. */
  readonly failed: number
  /** Bytes: of the process, of objects, of buffers. The last two after the garbage was collected. */
  readonly rss: number
  readonly heap: number
  readonly buffers: number
  /** Sockets, timers and requests of the process, and its open files where they can be counted. */
  readonly handles: number
  readonly files: number
}

/** What a soak has come to. */
export interface SoakReport {
  readonly name: string
  readonly seed: number
  readonly samples: readonly SoakSample[]
  /** What has grown, in words. Empty: memory and handles are flat. */
  readonly growth: readonly string[]
}

interface Place {
  readonly worker: SoakWorker
  readonly proxy: FaultProxy | undefined
}

/**
 * Mixed work of several workers through a bad network, for as long as asked, in a storage of its own. Each knows
 * what must be there and looks. In between all rest, and memory and handles are counted.
 * @throws where content is wrong, lost, or an error is none that a bad network explains.
 */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const seed = options.seed ?? randomBytes(4).readUInt32LE(0)
  const storage = `soak-${randomBytes(6).toString('hex')}`
  const { upstream: given } = options
  const upstream = typeof given === 'function' ? await given() : given
  const direct = await options.create(storage, upstream ?? '', {})
  const places: Place[] = []
  try {
    for (let i = 0; i < (options.workers ?? 4); i++) {
      places.push(
        await place(options, { upstream, storage, direct, seed: seed + i, name: `w${i}` }),
      )
    }
    const samples = await work(options, places)
    for (const { worker } of places) await worker.check()
    return { name: options.name, seed, samples, growth: growthOf(samples) }
  } catch (error) {
    throw new Error(
      `${options.name}, seed ${seed}: ${String((error as Error)?.message ?? error)}`,
      {
        cause: error,
      },
    )
  } finally {
    for (const { worker, proxy } of places) {
      await worker.end().catch(() => {})
      await proxy?.stop()
    }
    await empty(direct).catch(() => {})
    await direct.close()
  }
}

interface About {
  readonly upstream: string | undefined
  readonly storage: string
  readonly direct: StorageDriver
  readonly seed: number
  readonly name: string
}

async function place(
  { create, vendor, faultRate = 0.08, partSize = 65_536, idleTimeoutMs = 1_000 }: SoakOptions,
  { upstream, storage, direct, seed, name }: About,
): Promise<Place> {
  const proxy = upstream === undefined ? undefined : await startFaultProxy(upstream)
  if (proxy) proxy.rule = randomFaults(faultRate, { seed, vendor })
  const open = async (): Promise<StorageDriver> =>
    create(storage, proxy?.endpoint ?? '', { idleTimeoutMs })
  const settled = async (): Promise<void> => proxy?.settled()
  return { worker: new SoakWorker({ seed, name, partSize, open, direct, settled }), proxy }
}

/** Rounds of work, and after each a look at what is held. */
async function work(options: SoakOptions, places: readonly Place[]): Promise<SoakSample[]> {
  const { seconds, samples: count = 12, onSample } = options
  const start = performance.now()
  const samples: SoakSample[] = []
  for (let round = 1; round <= count; round++) {
    const until = start + (seconds * 1000 * round) / count
    await Promise.all(
      places.map(async ({ worker }) => {
        do await worker.step()
        while (performance.now() < until)
      }),
    )
    const sample = await look(start, places)
    samples.push(sample)
    onSample?.(sample)
  }
  return samples
}

async function look(start: number, places: readonly Place[]): Promise<SoakSample> {
  for (const { proxy } of places) {
    await proxy?.settled()
    // What it has noted of the requests would be taken for a leak.
    proxy?.reset()
  }
  const buffers = heldBytes()
  const { rss, heapUsed } = process.memoryUsage()
  const files = await readdir('/proc/self/fd').catch(() => [])
  return {
    seconds: Math.round((performance.now() - start) / 1000),
    operations: places.reduce((sum, { worker }) => sum + worker.done, 0),
    failed: places.reduce((sum, { worker }) => sum + worker.failed, 0),
    ...{ rss, buffers, heap: heapUsed },
    handles: process.getActiveResourcesInfo().length,
    files: files.length,
  }
}

const MIB = 2 ** 20
/** What may be more at the end than after the first quarter, without anything being wrong. */
const SLACK = { rss: 64 * MIB, heap: 12 * MIB, buffers: 24 * MIB, handles: 24, files: 24 }

/** What the last quarter holds more than the second one, by the middle of each. */
function growthOf(samples: readonly SoakSample[]): string[] {
  const quarter = Math.floor(samples.length / 4)
  if (quarter === 0) return []
  return (Object.keys(SLACK) as (keyof typeof SLACK)[]).flatMap((key) => {
    const [before, after] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)].map(
      (part) => median(part.map((sample) => sample[key])),
    )
    const more = (after ?? 0) - (before ?? 0)
    return more > SLACK[key] ? [`${key}: ${before} became ${after}`] : []
  })
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
