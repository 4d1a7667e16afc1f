import { isBeneath } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { openStorageEndpoint } from '../endpoints.ts'
import { Entries, relative } from '../entries.ts'
import { bytes, integerFrom } from '../format.ts'
import { Unreadable } from '../unreadable.ts'

interface Options {
  readonly depth: number
  readonly bytes?: boolean
}

interface Sum {
  readonly path: string
  files: number
  bytes: number
}

/** `du`: sums by directory, the whole last. */
export const addDu: Add = (program, bind) => {
  program
    .command('du')
    .description('sum up the bytes and files beneath a directory')
    .argument('[location]')
    .option('-d, --depth <levels>', 'show directories down to that depth', integerFrom(0), 1)
    .option('-b, --bytes', 'exact numbers of bytes')
    .addHelpText('after', examples(['stowage du -d 2 fs:///var/data#/docker']))
    .action(bind<Options>(du))
}

async function du(context: Context, [location]: readonly string[], options: Options) {
  const { signal } = context
  const end = await openStorageEndpoint(context, location)
  const info = await end.storage.stat(end.path, { signal })
  const total: Sum = { path: end.path, files: 0, bytes: 0 }
  /** The directories that the walk is in now, from the top. */
  const open: Sum[] = []
  const unreadable = new Unreadable(context, end)
  for await (const entry of info.isDir ? new Entries(end, signal, unreadable.report) : [info]) {
    while (open.length > 0 && !isBeneath(entry.path, open.at(-1)?.path ?? '/')) {
      await show(context, open.pop() as Sum, options)
    }
    if (entry.isDir) {
      const depth = relative(end, entry.path).split('/').length
      if (depth <= options.depth) open.push({ path: entry.path, files: 0, bytes: 0 })
      continue
    }
    for (const sum of [total, ...open]) {
      sum.files++
      sum.bytes += entry.size
    }
  }
  for (const sum of open.reverse()) await show(context, sum, options)
  await show(context, total, options, 'total')
  return unreadable.exitCode
}

async function show({ out }: Context, sum: Sum, options: Options, type = 'directory') {
  const size = options.bytes ? String(sum.bytes) : bytes(sum.bytes)
  const files = String(sum.files).padStart(8)
  await out.result({ type, ...sum }, `${size.padStart(12)} ${files}  ${sum.path}`)
}
