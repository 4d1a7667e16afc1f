import { RevisionChangedError, type StorageDriver } from '@stowage/core'
import { isKnown, mustBeApart } from '../apart.ts'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { type Endpoint, openDestination, openSource, type Source } from '../endpoints.ts'
import { EXIT } from '../exit-codes.ts'
import { removeFiles } from '../remove.ts'
import { printable } from '../text.ts'
import { type Job, Transfers } from '../transfer.ts'
import { fileJob, jobs } from './cp.ts'

/** `mv`: one step within a storage where the driver can; between storages copy, compare, then remove. */
export const addMv: Add = (program, bind) => {
  program
    .command('mv')
    .description('move a file or directory, within a storage or to another one')
    .argument('<source>')
    .argument('<destination>', 'a final / keeps the name of the source')
    .addHelpText(
      'after',
      examples(
        ['stowage mv fs:///var/data#/a.txt fs:///var/data#/old/'],
        ['stowage mv fs:///var/data#/2025 s3://bucket#/archive/'],
      ),
    )
    .action(bind(mv))
}

async function mv(context: Context, [source = '', destination = '']: readonly string[]) {
  const from = await openSource(context, source)
  const to = await openDestination(context, destination, from)
  if (from.storage === to.storage && from.path !== '/') return within(context, from, to)
  await mustBeApart(from, to, context.signal)
  return across(context, from, to)
}

async function within(context: Context, from: Source, to: Endpoint): Promise<number> {
  context.out.goOn()
  await from.storage.move(from.path, to.path, { signal: context.signal })
  const [source, destination] = [from.show(from.path), to.show(to.path)]
  if (!context.quiet && !context.json) {
    context.stderr.write(`${printable(`moved ${source} to ${destination}`)}\n`)
  }
  await context.out.result({ type: 'moved', source, destination })
  return EXIT.ok
}

/** A source goes only once its copy was read back and found equal, and nobody has changed it since. */
async function across(context: Context, from: Source, to: Endpoint): Promise<number> {
  const { isDir } = from.info
  // Where nobody can tell whether the two are one storage, the time of the source does: a copy onto itself
  // changes it, unless the copy was given that time.
  const keepTime = await isKnown([from, to], context.signal)
  const settings = { resume: true, verify: true, single: !isDir, keepTime }
  const transfers = new Transfers(context, from, to, settings)
  const copied: Job[] = []
  try {
    await transfers.checkSource(from)
    await transfers.run(
      isDir ? jobs(context, from, to, transfers) : [fileJob(from, to)],
      undefined,
      (job) => void copied.push(job),
    )
    const unchanged = new Map<string, Job>()
    for (const job of copied) {
      if (await isUnchanged(from.storage, job, context.signal)) unchanged.set(job.source, job)
      else transfers.keep(job, changed(from.storage, job.source))
    }
    await removeFiles(context, from.storage, [...unchanged.keys()], (error, path) => {
      const job = unchanged.get(path)
      if (job !== undefined) transfers.keep(job, error)
    })
  } finally {
    transfers.progress.stop()
  }
  return transfers.finish('moved')
}

/** Also catches two names of one storage: the copy has then replaced its own source. */
async function isUnchanged(
  storage: StorageDriver,
  { source, size, modTime }: Job,
  signal: AbortSignal,
): Promise<boolean> {
  const now = await storage.stat(source, { signal })
  return now.size === size && now.modTime.getTime() === modTime.getTime()
}

function changed(storage: StorageDriver, path: string): Error {
  return new RevisionChangedError(`${path} was changed while it was copied, and is kept`, {
    driver: storage.name,
    path,
  })
}
