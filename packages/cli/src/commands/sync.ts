import { isStorageError } from '@stowage/core'
import { mustBeApart } from '../apart.ts'
import { type Add, examples } from '../command.ts'
import { checksum, counterpart, type Pair, pairs } from '../compare.ts'
import { type Context, errorText } from '../context.ts'
import { Deletion } from '../deletion.ts'
import { type Endpoint, openDestination, openSource, type Source } from '../endpoints.ts'
import { within } from '../entries.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { bytes, integerFrom, plural } from '../format.ts'
import { readAhead } from '../pool.ts'
import { reportSkippedFiles } from '../skipped-files.ts'
import { sameFile } from '../spellings.ts'
import { haveEqualTimes } from '../times.ts'
import { type Job, Transfers } from '../transfer.ts'

interface Options {
  readonly delete?: boolean
  readonly force?: boolean
  readonly maxDelete?: number
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
    .option(
      '--max-delete <n>',
      'remove nothing where more files than that would go',
      integerFrom(0),
    )
    .option('-f, --force', 'let --delete empty the destination where the source is empty')
    .option('-c, --checksum', 'compare content, not sizes and times')
    .option('-n, --dry-run', 'show what would be done')
    .option('--no-resume', 'start interrupted uploads over')
    .option('--verify', 'read every copy back and compare checksums')
    .addHelpText(
      'after',
      `
A file is copied where it is missing, or has another size or time. Where the destination cannot keep times, the
source's file has to be newer. Nothing is removed after a failure of the same run.
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
  await mustBeApart(from, to, context.signal)
  return options.dryRun ? preview(context, from, to, options) : run(context, from, to, options)
}

async function run(
  context: Context,
  from: Source,
  to: Endpoint,
  options: Options,
): Promise<number> {
  const { resume, verify } = options
  const transfers = new Transfers(context, from, to, { resume, verify })
  const deletion = new Deletion(context, from, to, options)
  const blocked: { readonly job: Job; readonly error: unknown }[] = []
  const plan = async function* (): AsyncGenerator<Job> {
    for await (const pair of pairs(from, to, context.signal, transfers.unreadable)) {
      deletion.saw(pair)
      if (pair.left === undefined) continue
      const isCurrent = (): Promise<boolean> => current(context, from, to, pair, options)
      yield { ...job(pair, to), isCurrent }
    }
  }
  let deleted = 0
  try {
    await deletion.begin()
    await transfers.checkSource(from)
    // Where a file has become a directory or the reverse, the old one has to go first.
    const onBlocked = (one: Job, error: unknown): boolean =>
      options.delete === true &&
      isStorageError(error, 'INVALID_PATH') &&
      blocked.push({ job: one, error }) > 0
    await transfers.run(plan(), onBlocked)
    const waiting: Job[] = []
    for (const { job: one, error } of blocked) {
      const reason = (await deletion.blocks(one)) ? undefined : error
      if (reason === undefined) waiting.push(one)
      else transfers.fail(reason, from.show(one.source))
    }
    deleted = await deletion.run(transfers)
    await transfers.run(waiting)
  } finally {
    transfers.progress.stop()
  }
  return transfers.finish('copied', { unchanged: transfers.unchanged, deleted })
}

async function preview(
  context: Context,
  from: Source,
  to: Endpoint,
  options: Options,
): Promise<number> {
  const { out, signal, stderr, concurrency } = context
  const sums = { files: 0, bytes: 0, unchanged: 0, deleted: 0, failed: 0 }
  const note = (line: string): void => void stderr.write(`${line}\n`)
  const deletion = new Deletion(context, from, to, options)
  const unreadable = (error: unknown, end: Endpoint): void => {
    sums.failed++
    const { path } = error as { path?: string }
    note(errorText(error, context, path === undefined ? undefined : end.show(path)))
  }
  sums.failed += await reportSkippedFiles(context, from, note)
  const extra: string[] = []
  // Asked for ahead of their turn, and told in order.
  const asked = async function* () {
    for await (const pair of pairs(from, to, signal, unreadable)) {
      const isCurrent = current(context, from, to, pair, options)
      yield { pair, isCurrent: isCurrent.catch((error: unknown) => ({ error })) }
    }
  }
  for await (const { pair, isCurrent } of readAhead(asked(), concurrency, () => {})) {
    deletion.saw(pair)
    const path = to.show(within(to, pair.name))
    const answer = pair.left === undefined ? undefined : await isCurrent
    signal.throwIfAborted()
    if (pair.left === undefined) {
      if (options.delete && pair.twin === undefined) extra.push(path)
    } else if (pair.twin !== undefined) {
      sums.failed++
      note(errorText(sameFile(path, to.show(within(to, pair.twin))), context))
    } else if (typeof answer === 'object') {
      sums.failed++
      note(errorText(answer.error, context, from.show(pair.left.path)))
    } else if (answer) {
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
  const refusal = sums.failed > 0 ? undefined : deletion.refusal()
  if (refusal !== undefined) {
    sums.failed++
    note(errorText(refusal, context))
  }
  // What a run would not remove either.
  for (const path of sums.failed > 0 ? [] : extra) {
    sums.deleted++
    await out.result({ type: 'wouldRemove', path }, `would remove ${path}`)
  }
  const copies = `would copy ${plural(sums.files, 'file')}, ${bytes(sums.bytes)}`
  const failures = sums.failed > 0 ? `; ${sums.failed} WOULD FAIL` : ''
  const text = `${copies}; ${sums.unchanged} unchanged; would remove ${sums.deleted}${failures}`
  await out.result({ type: 'summary', ...sums }, text)
  return sums.failed > 0 ? EXIT.partial : EXIT.ok
}

function job({ name, left }: Pair, to: Endpoint): Job {
  if (left === undefined) throw new TypeError('only what the source has is copied')
  const { path, size, modTime } = left
  return { source: path, destination: within(to, name), size, modTime }
}

async function current(
  { signal }: Context,
  from: Endpoint,
  to: Endpoint,
  pair: Pair,
  options: Options,
): Promise<boolean> {
  const { left } = pair
  const right = await counterpart(pair, to, signal)
  if (left === undefined || right === undefined || left.size !== right.size) return false
  if (!options.checksum) return haveEqualTimes({ from, left, to, right }, signal)
  const [a, b] = await Promise.all([
    checksum(from.storage, left.path, signal),
    checksum(to.storage, right.path, signal),
  ])
  return a === b
}
