// What was aimed at, as ratios of speeds within one run: how many times as quick as the rival Stowage is.
import type { Row } from './measure.ts'
import type { BackendName } from './options.ts'
import { type Spread, spread } from './stats.ts'

interface Goal {
  readonly backends: readonly BackendName[]
  /** Rows, by id; none means all. */
  readonly ids: readonly string[]
  readonly rival: 'raw' | 'go'
  readonly least: number
  /** Only where so much is flushed. */
  readonly variant?: string
}

const CLOUD: readonly BackendName[] = ['s3', 'azure', 'gcs']

export const FLUSHED = {
  none: 'nothing flushed',
  file: 'files flushed',
  full: 'files and directories flushed',
} as const

const GOALS: readonly Goal[] = [
  { backends: ['fs'], ids: ['upload', 'download'], rival: 'raw', least: 0.95 },
  { backends: ['fs'], ids: ['put-4 KiB'], rival: 'raw', least: 0.9, variant: FLUSHED.full },
  { backends: ['fs'], ids: ['walk'], rival: 'raw', least: 1 / 1.15 },
  { backends: ['fs'], ids: [], rival: 'go', least: 1 },
  { backends: CLOUD, ids: ['upload', 'download'], rival: 'raw', least: 1.1 },
  { backends: CLOUD, ids: ['upload', 'download'], rival: 'go', least: 1 },
  { backends: CLOUD, ids: ['list', 'walk'], rival: 'raw', least: 1 / 1.1 },
]

/** How a row did against one rival. */
export interface Comparison {
  readonly row: Row
  readonly rival: string
  /** Of each round, so that what slowed a whole round down does not count. */
  readonly ratio: Spread
  /** The ratio of the processor's times: of what the client costs, whatever the server does. */
  readonly cpu: number
  readonly least: number | undefined
  /** Met; missed by less than the spread of the rounds; missed. */
  readonly verdict: 'met' | 'unclear' | 'missed' | undefined
}

/** Stowage beside everybody else, row by row. */
export function compare(rows: readonly Row[]): Comparison[] {
  return rows.flatMap((row) => {
    const own = row.series.find(({ subject }) => subject === 'stowage')
    if (!own) return []
    return row.series
      .filter((series) => series !== own)
      .map(({ subject, runs }) => {
        const rounds = runs.slice(0, own.runs.length)
        const ratio = spread(rounds.map(({ ms }, round) => ms / (own.runs[round]?.ms ?? 0)))
        const cpu =
          spread(rounds.map(({ cpuMs }) => cpuMs)).median /
          spread(own.runs.map(({ cpuMs }) => cpuMs)).median
        const least = goalOf(row, subject)?.least
        return { row, rival: subject, ratio, cpu, least, verdict: verdictOf(ratio, least) }
      })
  })
}

function goalOf({ backend, id, variant }: Row, rival: string): Goal | undefined {
  return GOALS.find(
    (goal) =>
      goal.rival === rival &&
      goal.backends.includes(backend) &&
      (goal.ids.length === 0 || goal.ids.includes(id)) &&
      (goal.variant === undefined || goal.variant === variant),
  )
}

function verdictOf({ median, high }: Spread, least: number | undefined): Comparison['verdict'] {
  if (least === undefined) return undefined
  if (median >= least) return 'met'
  return high >= least ? 'unclear' : 'missed'
}
