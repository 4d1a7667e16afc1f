import { isStorageError } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import { checksum, type Pair, pairs } from '../compare.ts'
import type { Context } from '../context.ts'
import { type End, openDestination, openSource, type Source, within } from '../ends.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { bytes, plural } from '../format.ts'
import { removeFiles } from '../remove.ts'
import { type Job, Transfers } from '../transfer.ts'
import { mustBeApart } from './cp.ts'

interface Options {
  readonly delete?: boolean
  readonly checksum?: boolean
  readonly dryRun?: boolean
  readonly resume: boolean
  readonly verify?: boolean
}

/** `sync`: afterwards the destination has every file of the source as it is there. */
export const addSync: Add = (program, bind) => {
  program
    .command('sync')
    .description('bring a directory up to date with another one')
    .argument('<source>', 'directory in a storage, or a ./local one')
    .argument('<destination>', 'directory in a storage, or a ./local one')
    .option('--delete', 'remove files that the source does not have')
    .option('-c, --checksum', 'compare content, not sizes and times')
    .option('-n, --dry-run', 'show what would be done')
    .option('--no-resume', 'start interrupted uploads over')
    .option('--verify', 'read every copy back and compare checksums')
    .addHelpText(
      'after',
      `
A file is copied where it is missing, has another size, or where the source's is newer.
${examples(
  ['stowage sync ./site s3://bucket#/www'],
  ['stowage sync --delete --dry-run fs:///var/data fs:///mnt/backup'],
)}`,
    )
    .action(bind<Options>(sync))
}

async function sync(
  context: Context,
  [source = '', destination = '']: readonly string[],
  options: Options,
) {
  const from = await openSource(context, source)
  if (!from.info.isDir) {
    throw usageError(`${from.show(from.path)} is a file`, 'sync is for directories; use stowage cp')
  }
  const to = await openDestination(context, destination, { info: from.info, name: undefined })
  mustBeApart(from, to)
  return options.dryRun ? preview(context, from, to, options) : run(context, from, to, options)
}

async function run(context: Context, from: Source, to: End, options: Options): Promise<number> {
  const { resume, verify } = options
  const transfers = new Transfers(context, from, to, { resume, verify })
  const extra: string[] = []
  const blocked: Job[] = []
  const plan = async function* (): AsyncGenerator<Job> {
    for await (const pair of pairs(from, to, context.signal)) {
      if (pair.left === undefined) extra.push(within(to, pair.name))
      else {
        const isCurrent = (): Promise<boolean> => current(context, from, to, pair, options)
        yield { ...job(pair, to), isCurrent }
      }
    }
  }
  let deleted = 0
  try {
    await transfers.checkSource(from)
    // Where a file has become a directory or the reverse, the old one has to go first.
    const onBlocked = (one: Job, error: unknown): boolean =>
      options.delete === true && isStorageError(error, 'INVALID_PATH') && blocked.push(one) > 0
    await transfers.run(plan(), onBlocked)
    if (options.delete) {
      deleted = await removeFiles(context, to.storage, extra, (error) => transfers.fail(error))
    }
    await transfers.run(blocked)
  } finally {
    transfers.progress.stop()
  }
  return transfers.finish('copied', { unchanged: transfers.unchanged, deleted })
}

async function preview(context: Context, from: Source, to: End, options: Options): Promise<number> {
  const { out, signal } = context
  const sums = { files: 0, bytes: 0, unchanged: 0, deleted: 0 }
  for await (const pair of pairs(from, to, signal)) {
    const path = to.show(within(to, pair.name))
    if (pair.left === undefined) {
      if (!options.delete) continue
      sums.deleted++
      await out.result({ type: 'wouldRemove', path }, `would remove ${path}`)
    } else if (await current(context, from, to, pair, options)) {
      sums.unchanged++
    } else {
      const { size } = pair.left
      sums.files++
      sums.bytes += size
      await out.result(
        { type: 'wouldCopy', path, bytes: size },
        `would copy ${path} (${bytes(size)})`,
      )
    }
  }
  const copies = `would copy ${plural(sums.files, 'file')}, ${bytes(sums.bytes)}`
  const text = `${copies}; ${sums.unchanged} unchanged; would remove ${sums.deleted}`
  await out.result({ type: 'summary', ...sums }, text)
  return EXIT.ok
}

function job({ name, left }: Pair, to: End): Job {
  if (left === undefined) throw new TypeError('only what the source has is copied')
  const { path, size, modTime } = left
  return { source: path, destination: within(to, name), size, modTime }
}

async function current(
  { signal }: Context,
  from: End,
  to: End,
  { left, right }: Pair,
  options: Options,
): Promise<boolean> {
  if (left === undefined || right === undefined || left.size !== right.size) return false
  if (!options.checksum) return left.modTime <= right.modTime
  const [a, b] = await Promise.all([
    checksum(from.storage, left.path, signal),
    checksum(to.storage, right.path, signal),
  ])
  return a === b
}
