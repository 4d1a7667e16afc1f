import { pipeline } from 'node:stream/promises'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { openDestination, openSource, type Source } from '../endpoints.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { streamTo } from '../local-stream.ts'
import { parseLocal } from '../location.ts'
import { openFile } from './cat.ts'
import { type CopyOptions, copyTree, withCopyOptions } from './cp.ts'

/** `get`: to local files. A file appears under its name once it is whole. */
export const addGet: Add = (program, bind) => {
  const command = program
    .command('get')
    .description('fetch a file, or a directory (-r), to this machine')
    .argument('<location>')
    .argument('[file]', 'local file or directory, - for standard output; default: same name, here')
  withCopyOptions(command)
    .addHelpText(
      'after',
      examples(
        ['stowage get fs:///var/data#/reports/2026.pdf'],
        ['stowage get -r s3://bucket#/www ./site'],
        ['stowage get fs:///var/data#/backup.tar - | tar t'],
      ),
    )
    .action(bind<CopyOptions>(get))
}

async function get(
  context: Context,
  [location = '', file]: readonly string[],
  options: CopyOptions,
) {
  const from = await openSource(context, location)
  if (file === '-') return toOutput(context, from)
  const local = file === undefined ? undefined : parseLocal(file, context.cwd)
  const stream = local?.kind === 'local' ? await streamTo(local.file) : undefined
  if (stream === 'stdout') return toOutput(context, from)
  if (stream !== undefined) {
    await pipeline(await openFile(context, from), stream, { signal: context.signal })
    return EXIT.ok
  }
  if (file === undefined && from.name === undefined) {
    throw usageError(
      'the root of a storage has no name to fetch it under',
      'name a local directory',
    )
  }
  const to = await openDestination(context, file ?? `./${from.name}`, from, true)
  return copyTree(context, from, to, options)
}

async function toOutput(context: Context, from: Source): Promise<number> {
  for await (const chunk of await openFile(context, from)) await context.out.write(chunk)
  return EXIT.ok
}
