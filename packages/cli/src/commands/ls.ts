import { type FileInfo, isStorageError } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { type Endpoint, openStorageEndpoint } from '../endpoints.ts'
import { Entries, relative } from '../entries.ts'
import { time } from '../format.ts'
import { Unreadable } from '../unreadable.ts'

interface Options {
  readonly long?: boolean
  readonly recursive?: boolean
}

/** `ls`: lists as it reads; with `--json` a line for each entry. */
export const addLs: Add = (program, bind) => {
  program
    .command('ls')
    .description('list a directory, or name a file')
    .argument('[location]', 'what to list; default: the root of the storage')
    .option('-l, --long', 'with size and time')
    .option('-r, --recursive', 'everything beneath it')
    .addHelpText(
      'after',
      examples(
        ['stowage ls fs:///var/data'],
        ['stowage ls -l fs:///var/data#/docker'],
        ['stowage ls -r --json s3://bucket/prefix?region=eu-central-1#/docker'],
      ),
    )
    .action(bind<Options>(ls))
}

async function ls(context: Context, [location]: readonly string[], options: Options) {
  const end = await openStorageEndpoint(context, location)
  const unreadable = new Unreadable(context, end)
  // What is beneath the directories is not asked for.
  const report = options.recursive ? unreadable.report : () => {}
  const walk = new Entries(end, context.signal, report)
  try {
    for await (const info of walk) {
      if (info.isDir && !options.recursive) walk.skipDir()
      await show(context, info, relative(end, info.path), options)
    }
  } catch (error) {
    if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
    await file(context, end, options)
  }
  return unreadable.exitCode
}

async function file(
  context: Context,
  { storage, path }: Endpoint,
  options: Options,
): Promise<void> {
  const info = await storage.stat(path, { signal: context.signal })
  // A directory that has vanished since, or is empty: nothing to list.
  if (!info.isDir) await show(context, info, info.path, options)
}

async function show({ out }: Context, info: FileInfo, name: string, { long }: Options) {
  const mark = info.isDir ? '/' : ''
  const size = info.isDir ? '-' : String(info.size)
  const text = long ? `${size.padStart(12)}  ${time(info.modTime)}  ${name}${mark}` : name + mark
  await out.result(entry(info), text)
}

/** An entry as `--json` shows it. A directory's time means nothing and is left out. */
export function entry({ path, size, modTime, isDir }: FileInfo): object {
  return isDir ? { type: 'directory', path } : { type: 'file', path, size, modTime }
}
