import type { Backend } from './backends.ts'
import { MeasuredProcess, type SubjectSpec } from './measured-process.ts'
import type { BackendName, BenchOptions } from './options.ts'
import { type Job, jobs, sizesFor } from './plan.ts'
import { runJob, type Series } from './runner.ts'

/** One row of the results: a job on a backend, by everybody who can do it. */
export interface Row {
  readonly backend: BackendName
  readonly variant: string
  readonly server: string
  readonly id: string
  readonly title: string
  readonly unit: Job['unit']
  readonly files: number
  readonly series: readonly Series[]
}

/** Measures all jobs that are wanted on one backend. */
export async function measure(
  backend: Backend,
  options: BenchOptions,
  log: (text: string) => void,
): Promise<Row[]> {
  const { name, variant, server } = backend
  const seeder = await MeasuredProcess.start(seederOf(backend))
  if (!seeder) throw new Error(`${name}: nothing can be put there`)
  const subjects: MeasuredProcess[] = []
  const rows: Row[] = []
  try {
    for (const spec of wanted(backend.subjects, options)) {
      const subject = await MeasuredProcess.start(spec)
      if (subject) subjects.push(subject)
    }
    const { rounds, longRounds } = options
    for (const job of jobsFor(backend, options)) {
      const series = await runJob(job, { rounds, longRounds, seeder, subjects, log })
      const { id, title, unit, task } = job
      const row = {
        backend: name,
        variant,
        server,
        id,
        title,
        unit,
        files: task.count ?? 1,
        series,
      }
      rows.push(row)
      log(`${name} ${variant} ${title}: ${brief(row)}`)
    }
  } finally {
    for (const process of [...subjects, seeder]) await process.stop()
  }
  return rows
}

function wanted(specs: readonly SubjectSpec[], { subjects }: BenchOptions): SubjectSpec[] {
  return specs.filter(
    ({ name }) => name === 'stowage' || subjects.length === 0 || subjects.includes(name),
  )
}

/** Test data need not survive a power cut. */
function seederOf({ name, subjects }: Backend): SubjectSpec {
  const raw = subjects.find((spec) => spec.name === 'raw')
  if (!raw) throw new Error(`${name} has no raw calls`)
  return { ...raw, name: 'seeder', config: { ...raw.config, durability: 'none' } }
}

function jobsFor({ name, writesOnly }: Backend, { sizes, only }: BenchOptions): Job[] {
  return jobs(sizesFor(name, sizes)).filter(({ id, section, op, readOnly }) => {
    if (writesOnly && (readOnly || op === 'delete')) return false
    return only.length === 0 || only.some((word) => word === id || word === section || word === op)
  })
}

function brief({ series }: Row): string {
  const middle = (runs: readonly { ms: number }[]): number =>
    [...runs].sort((a, b) => a.ms - b.ms)[Math.floor(runs.length / 2)]?.ms ?? Number.NaN
  return series.map(({ subject, runs }) => `${subject} ${middle(runs).toFixed(1)} ms`).join(', ')
}
