import { parseArgs } from 'node:util'
import { SIZES, type Sizes } from './plan.ts'

const BACKENDS = ['fs', 's3', 'azure', 'gcs'] as const
export type BackendName = (typeof BACKENDS)[number]

/** Parts of a run besides the jobs. */
const EXTRAS = ['imports', 'install', 'requests', 'memory'] as const
type Extra = (typeof EXTRAS)[number]

export interface BenchOptions {
  readonly backends: readonly BackendName[]
  readonly extras: readonly Extra[]
  /** Jobs whose id or section has one of these words; all if empty. */
  readonly only: readonly string[]
  readonly subjects: readonly string[]
  readonly sizes: Sizes
  readonly sizeName: string
  readonly rounds: number
  readonly longRounds: number
  readonly s3Server: string
  readonly out: string | undefined
  /** Beside the results there of other backends. */
  readonly add: boolean
}

export const HELP: string = `usage: pnpm bench [options]

Measures the drivers beside the raw calls beneath them, the Go drivers and the alternatives, and writes
results.json, results.md and results.svg into docs/benchmarks/ (only with --out where it is not a full run).

  --backends LIST  of ${BACKENDS.join(', ')}; default all
  --extras LIST    of ${EXTRAS.join(', ')}, or none; default all
  --only LIST      jobs by id or section: small, parallel, stream, tree, change
  --subjects LIST  only these beside Stowage: raw, go, opendal, ...
  --size NAME      ${Object.keys(SIZES).join(', ')}; default full
  --quick          the same as --size quick --rounds 3 --long-rounds 2
  --rounds N       timed runs of a job, default 9
  --long-rounds N  of streams, large walks and deletes, default 5
  --s3-server NAME versitygw (default), minio, ceph, moto
  --out FOLDER     where the files go
  --add            keep there what earlier runs have measured on other backends
`

const LIST = { type: 'string' } as const

export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ backends: LIST, extras: LIST, only: LIST, subjects: LIST, size: LIST },
      ...{ rounds: LIST, 'long-rounds': LIST, 's3-server': LIST, out: LIST },
      quick: { type: 'boolean', default: false },
      add: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { quick } = values
  const sizeName = values.size ?? (quick ? 'quick' : 'full')
  if (!Object.hasOwn(SIZES, sizeName)) throw new Error(`unknown size ${sizeName}`)
  const partial = sizeName !== 'full' || values.backends || values.extras || values.only
  return {
    backends: chosen(values.backends, BACKENDS),
    extras: chosen(values.extras, EXTRAS),
    only: words(values.only),
    subjects: words(values.subjects),
    sizes: SIZES[sizeName as keyof typeof SIZES],
    sizeName,
    rounds: Number(values.rounds ?? (quick ? 3 : 9)),
    longRounds: Number(values['long-rounds'] ?? (quick ? 2 : 5)),
    s3Server: values['s3-server'] ?? 'versitygw',
    out: values.out ?? (partial ? undefined : 'docs/benchmarks'),
    add: values.add,
  }
}

function words(list: string | undefined): string[] {
  return list === undefined ? [] : list.split(',').map((word) => word.trim())
}

function chosen<T extends string>(list: string | undefined, all: readonly T[]): readonly T[] {
  if (list === undefined) return all
  if (list === 'none') return []
  for (const word of words(list)) {
    if (!all.includes(word as T)) throw new Error(`unknown: ${word}; there are ${all.join(', ')}`)
  }
  return all.filter((name) => words(list).includes(name))
}
