import { isDeepStrictEqual } from 'node:util'
import type { Row } from '../measure.ts'
import type { MemoryRow } from '../memory.ts'
import type { BackendName } from '../options.ts'
import type { ImportRow, InstallRow } from '../packages.ts'
import type { RequestRow } from '../requests.ts'

/** One run: what is compared with each other is of the same one, since a backend is measured as a whole. */
export interface Run {
  readonly startedAt: string
  readonly minutes: number
  readonly backends: readonly BackendName[]
  readonly size: string
  readonly rounds: number
  readonly longRounds: number
  /** The load average at the beginning and at the end: above the number of cores, others were at work. */
  readonly load: readonly [before: number, after: number]
}

/** Everything of a run, or of several about different backends; results.json is exactly this. */
export interface Results {
  readonly format: 'stowage-bench/2'
  readonly runs: readonly Run[]
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryGiB: number
    readonly system: string
    readonly node: string
  }
  readonly rows: readonly Row[]
  readonly memory: readonly MemoryRow[]
  readonly requests: readonly RequestRow[]
  readonly imports: readonly ImportRow[]
  readonly installs: readonly InstallRow[]
}

export function dayOf({ startedAt }: Run): string {
  return startedAt.slice(0, 10)
}

/**
 * A run beside what others have measured on other backends, and instead of what they have on the same.
 * @throws where they ran on another machine, or with another Node.js.
 */
export function combined(before: Results, now: Results): Results {
  if (!isDeepStrictEqual(before.machine, now.machine)) {
    throw new Error('the earlier results are of another machine or Node.js: leave out --add')
  }
  const again = new Set(now.runs.flatMap(({ backends }) => backends))
  const stays = ({ backend }: { readonly backend: BackendName }): boolean => !again.has(backend)
  const runs = before.runs.map((run) => ({
    ...run,
    backends: run.backends.filter((backend) => !again.has(backend)),
  }))
  return {
    ...now,
    runs: [...runs.filter(({ backends }) => backends.length > 0), ...now.runs],
    rows: [...before.rows.filter(stays), ...now.rows],
    memory: [...before.memory.filter(stays), ...now.memory],
    requests: [...before.requests.filter(stays), ...now.requests],
    imports: now.imports.length > 0 ? now.imports : before.imports,
    installs: now.installs.length > 0 ? now.installs : before.installs,
  }
}
