import type { Command } from 'commander'
import { mustBeApart } from '../apart.ts'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { type Endpoint, openDestination, openSource, type Source } from '../endpoints.ts'
import { filesBeneath, relative, within } from '../entries.ts'
import { usageError } from '../errors.ts'
import { type Job, Transfers } from '../transfer.ts'

export interface CopyOptions {
  readonly recursive?: boolean
  readonly resume: boolean
  readonly verify?: boolean
}

/** The options of every command that copies. */
export function withCopyOptions(command: Command): Command {
  return command
    .option('-r, --recursive', 'a directory with all beneath it')
    .option('--no-resume', 'start interrupted uploads over')
    .option('--verify', 'read every copy back and compare checksums')
}

/** `cp`: between any two storages, or local files. */
export const addCp: Add = (program, bind) => {
  const command = program
    .command('cp')
    .description('copy within a storage, between storages, or to and from ./local files')
    .argument('<source>')
    .argument('<destination>', 'a final / keeps the name of the source')
  withCopyOptions(command)
    .addHelpText(
      'after',
      examples(
        ['stowage cp fs:///var/data#/a.txt fs:///var/data#/b.txt'],
        ['stowage cp -r fs:///var/data#/docker s3://bucket#/docker'],
        ['stowage cp -r --config stowage.yml main:/docker ./docker-backup'],
      ),
    )
    .action(bind<CopyOptions>(cp))
}

async function cp(
  context: Context,
  [source = '', destination = '']: readonly string[],
  options: CopyOptions,
) {
  const from = await openSource(context, source)
  const to = await openDestination(context, destination, from)
  return copyTree(context, from, to, options)
}

/**
 * Copies a file, or with `recursive` a directory: what is beneath the source gets the same place
 * beneath the destination. What else is there stays.
 * @returns the exit code.
 */
export async function copyTree(
  context: Context,
  from: Source,
  to: Endpoint,
  { recursive, resume, verify }: CopyOptions,
): Promise<number> {
  const { isDir } = from.info
  if (isDir && !recursive) {
    throw usageError(`${from.show(from.path)} is a directory`, 'add -r to copy all beneath it')
  }
  await mustBeApart(from, to, context.signal)
  const transfers = new Transfers(context, from, to, { resume, verify, single: !isDir })
  try {
    await transfers.checkSource(from)
    await transfers.run(isDir ? jobs(context, from, to, transfers) : [fileJob(from, to)])
  } finally {
    transfers.progress.stop()
  }
  return transfers.finish('copied')
}

/** The one job of a source that is a file. */
export function fileJob(from: Source, to: Endpoint): Job {
  const { size, modTime } = from.info
  return { source: from.path, destination: to.path, size, modTime }
}

/** A job for each file beneath the source. */
export async function* jobs(
  { signal }: Context,
  from: Source,
  to: Endpoint,
  { unreadable }: Transfers,
): AsyncGenerator<Job> {
  for await (const { path, size, modTime } of filesBeneath(from, signal, unreadable)) {
    yield { source: path, destination: within(to, relative(from, path)), size, modTime }
  }
}
