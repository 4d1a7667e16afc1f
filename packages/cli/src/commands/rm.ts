import { isStorageError } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import { type Context, errorText } from '../context.ts'
import { type Endpoint, openStorageEndpoint } from '../endpoints.ts'
import { filesBeneath } from '../entries.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { bytes, plural } from '../format.ts'
import { each } from '../remove.ts'
import { printable } from '../text.ts'
import { Unreadable } from '../unreadable.ts'

interface Options {
  readonly recursive?: boolean
  readonly dryRun?: boolean
  readonly force?: boolean
}

/** `rm`: asks nothing, refuses the root, and wants -r for directories. */
export const addRm: Add = (program, bind) => {
  program
    .command('rm')
    .description('remove files, or directories (-r) with all beneath them')
    .argument('<locations...>')
    .option('-r, --recursive', 'directories too')
    .option('-n, --dry-run', 'show what would be removed')
    .option('-f, --force', 'no error where nothing is')
    .addHelpText(
      'after',
      examples(
        ['stowage rm fs:///var/data#/a.txt'],
        ['stowage rm -r --dry-run fs:///var/data#/old'],
      ),
    )
    .action(bind<Options>(rm))
}

async function rm(context: Context, locations: readonly string[], options: Options) {
  const ends: Endpoint[] = []
  // Everything is looked at before anything is removed.
  for (const location of locations) {
    const end = await openStorageEndpoint(context, location)
    if (end.path === '/') {
      throw usageError('the root of a storage is not removed', 'name the directories beneath it')
    }
    if (await isRemovable(context, end, options)) ends.push(end)
  }
  let failed = 0
  if (!options.dryRun) context.out.goOn()
  for (const end of ends) {
    if (options.dryRun) failed += await preview(context, end)
    else failed += await remove(context, end)
  }
  return failed > 0 ? EXIT.partial : EXIT.ok
}

async function isRemovable({ signal }: Context, end: Endpoint, options: Options): Promise<boolean> {
  try {
    const { isDir } = await end.storage.stat(end.path, { signal })
    if (isDir && !options.recursive) {
      throw usageError(`${end.show(end.path)} is a directory`, 'add -r to remove all beneath it')
    }
    return true
  } catch (error) {
    if (options.force && isStorageError(error, 'PATH_NOT_FOUND')) return false
    throw error
  }
}

async function preview(context: Context, end: Endpoint): Promise<number> {
  const { out, signal } = context
  const info = await end.storage.stat(end.path, { signal })
  let files = 0
  let size = 0
  const unreadable = new Unreadable(context, end)
  for await (const file of info.isDir ? filesBeneath(end, signal, unreadable.report) : [info]) {
    files++
    size += file.size
    const path = end.show(file.path)
    await out.result({ type: 'wouldRemove', path, bytes: file.size }, `would remove ${path}`)
  }
  const sum = `would remove ${plural(files, 'file')}, ${bytes(size)}`
  await out.result({ type: 'summary', path: end.show(end.path), files, bytes: size }, sum)
  return unreadable.exitCode
}

async function remove(context: Context, end: Endpoint): Promise<number> {
  const path = end.show(end.path)
  try {
    await end.storage.delete(end.path, { signal: context.signal })
  } catch (error) {
    if (!isStorageError(error, 'MULTIPLE')) throw error
    const errors = each(error)
    for (const one of errors) context.stderr.write(`${errorText(one, context)}\n`)
    return errors.length
  }
  if (!context.quiet && !context.json) context.stderr.write(`${printable(`removed ${path}`)}\n`)
  await context.out.result({ type: 'removed', path })
  return 0
}
