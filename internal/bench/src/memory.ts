// The most memory that a process takes for one long stream, beyond what it had before.
import type { Backend } from './backends.ts'
import { MeasuredProcess } from './measured-process.ts'
import type { BackendName, BenchOptions } from './options.ts'
import { sizesFor } from './plan.ts'

const MIB = 1024 * 1024

/**
 * What the contract allows for a writer: part size x (concurrency + 1), with the drivers' defaults; fs has one chunk, and the
 * driver of Google Cloud Storage sends one chunk of 16 MiB at a time.
 */
const BOUNDS: Readonly<Record<BackendName, number>> = {
  fs: 1 * MIB,
  s3: 10 * MIB * 5,
  azure: 8 * MIB * 5,
  gcs: 16 * MIB * 2,
}
/** For what the garbage collector has not yet taken away, sockets, and the SDK's own buffers. */
const ALLOWANCE = 64 * MIB

export interface MemoryRow {
  readonly backend: BackendName
  readonly subject: string
  readonly bytes: number
  readonly uploadPeak: number | undefined
  readonly downloadPeak: number | undefined
  /** For Stowage: what its peak may be. */
  readonly bound?: number
}

/** Streams a large file in and out with each subject that is fit to be compared, in processes of their own. */
export async function measureMemory(
  backend: Backend,
  { sizes }: BenchOptions,
  log: (text: string) => void,
): Promise<MemoryRow[]> {
  const rows: MemoryRow[] = []
  const bytes = sizesFor(backend.name, sizes).memory
  for (const spec of backend.subjects) {
    if (!['stowage', 'raw', 'go'].includes(spec.name)) continue
    const subject = await MeasuredProcess.start(spec)
    if (!subject) continue
    try {
      const directory = `/bench-memory/${spec.name}`
      const path = `${directory}/0`
      // What is loaded with the first use is not what a stream takes.
      await subject.run({ op: 'upload', path, size: MIB })
      await subject.run({ op: 'download', path })
      const up = await subject.run({ op: 'upload', path, size: bytes })
      const down = await subject.run({ op: 'download', path })
      await subject.run({ op: 'delete', path: directory })
      const row = {
        ...{ backend: backend.name, subject: spec.name, bytes },
        ...{ uploadPeak: up.peakBytes, downloadPeak: down.peakBytes },
        ...(spec.name === 'stowage' && { bound: BOUNDS[backend.name] + ALLOWANCE }),
      }
      rows.push(row)
      log(
        `${backend.name} memory of ${spec.name}: ${mib(up.peakBytes)} in, ${mib(down.peakBytes)} out`,
      )
    } catch (error) {
      log(`${backend.name} memory of ${spec.name}: ${(error as Error).message}`)
    } finally {
      await subject.stop()
    }
  }
  return rows
}

export function mib(bytes: number | undefined): string {
  return bytes === undefined ? '?' : `${(bytes / MIB).toFixed(0)} MiB`
}
