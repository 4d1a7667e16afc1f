import type { Measured, MeasuredProcess } from './measured-process.ts'
import type { Job } from './plan.ts'

/** All runs of one job by one subject, in the order of the rounds. */
export interface Series {
  readonly subject: string
  readonly runs: readonly Measured[]
}

export interface RunnerOptions {
  /** Timed runs of each job, and of each long one. */
  readonly rounds: number
  readonly longRounds: number
  /** Who puts what the jobs need into the backend. */
  readonly seeder: MeasuredProcess
  readonly subjects: readonly MeasuredProcess[]
  readonly log: (text: string) => void
}

/**
 * Does one job with every subject that can, round by round, so that whatever else the machine does falls on all of
 * them; the order turns with each round. The first round only warms up.
 */
export async function runJob(job: Job, options: RunnerOptions): Promise<Series[]> {
  const able = options.subjects.filter(({ operations }) => operations.includes(job.op))
  const rounds = job.long ? options.longRounds : options.rounds
  const runs = new Map<MeasuredProcess, Measured[]>(able.map((subject) => [subject, []]))
  const base = `/bench-${job.id.replaceAll(/[^a-z0-9]+/gi, '-')}`
  const { needs } = job
  if (needs?.each === 'job') await seed(job, options, `${base}/shared`)
  for (let round = 0; round <= rounds; round++) {
    for (const subject of turned(able, round)) {
      const own = `${base}/${subject.name.replaceAll(/[^a-z0-9]+/gi, '-')}`
      if (needs?.each === 'run') await seed(job, options, own)
      const path = pathOf(job, needs?.each === 'job' ? `${base}/shared` : own)
      try {
        const measured = await subject.run({ op: job.op, path, ...job.task })
        check(job, subject, measured)
        if (job.op === 'delete') await checkGone(options, path)
        if (round > 0) runs.get(subject)?.push(measured)
      } catch (error) {
        options.log(`${subject.name} is left out of "${job.title}": ${(error as Error).message}`)
        able.splice(able.indexOf(subject), 1)
        runs.delete(subject)
      }
      if (needs?.each !== 'job') await clear(options, own)
    }
  }
  await clear(options, `${base}/shared`)
  return [...runs].map(([{ name }, measured]) => ({ subject: name, runs: measured }))
}

/** A download, or an upload, is of one file; everything else takes a directory. */
function pathOf({ op }: Job, directory: string): string {
  return ['upload', 'download', 'resume'].includes(op) ? `${directory}/0` : directory
}

async function seed(job: Job, { seeder }: RunnerOptions, path: string): Promise<void> {
  if (!job.needs) return
  const op = job.op === 'download' ? 'upload' : 'put'
  const target = op === 'upload' ? `${path}/0` : path
  await seeder.run({ op, path: target, ...job.needs.task })
}

async function clear({ seeder }: RunnerOptions, path: string): Promise<void> {
  await seeder.run({ op: 'delete', path }).catch(() => {}) // nothing there is as good
}

/** The subjects, beginning with another one each round. */
function turned<T>(items: readonly T[], by: number): T[] {
  const start = items.length === 0 ? 0 : by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

/** Some only forget what they cannot remove. */
async function checkGone({ seeder }: RunnerOptions, path: string): Promise<void> {
  const left = await seeder.run({ op: 'walk', path }).catch(() => undefined)
  if (left && left.count > 0) throw new Error(`${left.count} entries are still there`)
}

/** What was handled must be what there is, or the subject has not done the work. */
function check(job: Job, { name }: MeasuredProcess, { count, bytes }: Measured): void {
  const { count: files = 1, size = 0, width } = job.task
  const directories = width ? Math.ceil(files / width) : 0
  const counts = job.op === 'walk' ? [files, files + directories] : [files]
  if (!counts.includes(count)) throw new Error(`${name} handled ${count} of ${files}`)
  const moved = ['put', 'get', 'upload', 'download'].includes(job.op)
  if (moved && bytes !== files * size) throw new Error(`${name} moved ${bytes} bytes`)
}
