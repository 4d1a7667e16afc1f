import type { Readable } from 'node:stream'
import { upload } from '@stowage/core/transfer'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { openDestination, openSource, openStorageTarget } from '../endpoints.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { bytes } from '../format.ts'
import { openStreamAt } from '../local-stream.ts'
import { parseLocal } from '../location.ts'
import { printable } from '../text.ts'
import { type CopyOptions, copyTree, withCopyOptions } from './cp.ts'

/** `put`: local files, or standard input, to a storage. */
export const addPut: Add = (program, bind) => {
  const command = program
    .command('put')
    .description('store a local file, a directory (-r), or standard input (-)')
    .argument('<file>', 'local file or directory, or - for standard input')
    .argument('<location>', 'where to; a final / keeps the name')
  withCopyOptions(command)
    .addHelpText(
      'after',
      examples(
        ['stowage put report.pdf fs:///var/data#/reports/'],
        ['stowage put -r ./site s3://bucket#/www'],
        ['tar c . | stowage put - fs:///var/data#/backup.tar'],
      ),
    )
    .action(bind<CopyOptions>(put))
}

async function put(
  context: Context,
  [file = '', location = '']: readonly string[],
  options: CopyOptions,
) {
  if (file === '-') return fromStream(context, location, context.stdin, file)
  const local = parseLocal(file, context.cwd)
  // `<(command)` and `/dev/stdin` are read as standard input is.
  const pipe = local.kind === 'local' ? await openStreamAt(local.file, context.stdin) : undefined
  if (pipe !== undefined) return fromStream(context, location, pipe, file)
  // The destination first: it is the more likely one to be mistyped, and it is quick to open.
  await openStorageTarget(context, location)
  const from = await openSource(context, file, true)
  const to = await openDestination(context, location, from)
  return copyTree(context, from, to, options)
}

async function fromStream(
  context: Context,
  location: string,
  stream: Readable,
  source: string,
): Promise<number> {
  if (location.endsWith('/')) {
    stream.destroy()
    throw usageError(`'${location}' gives ${source} no name`, 'name the file, as in #/dir/name')
  }
  const { storage, path, show } = await openStorageTarget(context, location)
  context.out.goOn()
  const size = await upload(storage, path, stream, { signal: context.signal })
  const destination = show(path)
  if (!context.quiet && !context.json) {
    context.stderr.write(`${printable(`stored ${destination}`)} (${bytes(size)})\n`)
  }
  await context.out.result({ type: 'copied', source, destination, bytes: size })
  return EXIT.ok
}
