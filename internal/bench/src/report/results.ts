import type { Row } from '../measure.ts'
import type { MemoryRow } from '../memory.ts'
import type { ImportRow, InstallRow } from '../packages.ts'
import type { RequestRow } from '../requests.ts'

/** Everything of one run; results.json is exactly this. */
export interface Results {
  readonly format: 'stowage-bench/1'
  readonly startedAt: string
  readonly minutes: number
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryGiB: number
    readonly system: string
    readonly node: string
    /** The load average at the beginning and at the end: above the number of cores, others were at work. */
    readonly load: readonly [before: number, after: number]
  }
  readonly size: string
  readonly rounds: number
  readonly longRounds: number
  readonly rows: readonly Row[]
  readonly memory: readonly MemoryRow[]
  readonly requests: readonly RequestRow[]
  readonly imports: readonly ImportRow[]
  readonly installs: readonly InstallRow[]
}
