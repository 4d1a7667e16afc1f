import { resolve } from 'node:path'
import { compareKeys, isStorageError } from '@stowage/core'
import { foldOf } from '@stowage/core/transfer'
import { type Add, examples } from '../command.ts'
import { checksum, counterpart, pairs } from '../compare.ts'
import { type Context, errorText } from '../context.ts'
import { type Endpoint, openSource, type Source } from '../endpoints.ts'
import { filesBeneath, relative, within } from '../entries.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { bytes, duration, plural } from '../format.ts'
import { type ManifestEntry, manifestLine, readManifest, writeManifest } from '../manifest.ts'
import { AHEAD, forEach, readAhead } from '../pool.ts'
import { type Progress, startProgress } from '../progress.ts'
import { reportSkippedFiles } from '../skipped-files.ts'

interface Options {
  readonly sizes?: boolean
  readonly manifest?: string
  readonly writeManifest?: string
}

type Difference = 'missing' | 'extra' | 'size' | 'content'

/** `verify`: two trees byte by byte, or one against a list of checksums. */
export const addVerify: Add = (program, bind) => {
  program
    .command('verify')
    .description('compare two directories, or one with a list of checksums')
    .argument('<location>', 'directory in a storage, or a ./local one')
    .argument('[other]', 'what it is compared with')
    .option('--sizes', 'compare names and sizes only, reading nothing')
    .option('-m, --manifest <file>', 'compare with these SHA-256 checksums')
    .option('-w, --write-manifest <file>', 'write the checksums (- for standard output)')
    .addHelpText(
      'after',
      `
Exit code 5 where there are differences. Manifests have the format of sha256sum.
${examples(
  ['stowage verify ./site s3://bucket#/www'],
  ['stowage verify --write-manifest data.sha256 fs:///var/data'],
  ['stowage verify --manifest data.sha256 fs:///mnt/backup'],
)}`,
    )
    .action(bind<Options>(verify))
}

async function verify(
  context: Context,
  [location = '', other]: readonly string[],
  options: Options,
) {
  const ways = [other, options.manifest, options.writeManifest].filter((way) => way !== undefined)
  if (ways.length !== 1) {
    throw usageError(
      ways.length === 0 ? 'there is nothing to compare with' : 'there is more than one thing to do',
      'give a second location, --manifest FILE or --write-manifest FILE',
    )
  }
  const end = await openDirectory(context, location)
  const right = other === undefined ? undefined : await openDirectory(context, other)
  const check = new Check(context)
  try {
    for (const source of right === undefined ? [end] : [end, right])
      await check.skippedFiles(source)
    if (right !== undefined) {
      await compareTrees(context, check, end, right, options)
    } else if (options.manifest !== undefined) {
      await compareManifest(context, check, end, resolve(context.cwd, options.manifest))
    } else {
      await write(context, check, end, options.writeManifest ?? '-')
    }
  } finally {
    check.progress.stop()
  }
  return check.finish(options.writeManifest !== undefined ? 'read' : 'compared')
}

async function openDirectory(context: Context, text: string): Promise<Source> {
  const end = await openSource(context, text)
  if (end.info.isDir) return end
  throw usageError(`${end.show(end.path)} is a file`, 'verify is for directories')
}

/** Counts, and tells of differences and failures as they are found. */
class Check {
  readonly progress: Progress
  readonly #context: Context
  readonly #started = performance.now()
  files = 0
  bytes = 0
  differences = 0
  failed = 0

  constructor(context: Context) {
    this.#context = context
    // The exit code is the answer, whether the reader of the differences leaves or not.
    context.out.goOn()
    const { stderr, quiet, json } = context
    this.progress = startProgress({ stream: stderr, quiet: quiet || json || stderr.isTTY !== true })
  }

  read(count: number): void {
    this.bytes += count
    this.progress.advance(count)
  }

  done(): void {
    this.files++
    this.progress.done('')
  }

  async differs(difference: Difference, path: string): Promise<void> {
    this.differences++
    const words = { size: 'another size', content: 'other content' }
    const text = `${words[difference as 'size'] ?? difference}: ${path}`
    await this.#context.out.result({ type: 'difference', difference, path }, text)
  }

  fail(error: unknown, file?: string): void {
    if (this.#context.signal.aborted) throw error
    this.failed++
    this.progress.note(errorText(error, this.#context, file))
  }

  readonly unreadable = (error: unknown, end: Endpoint): void => {
    const { path } = error as { path?: string }
    this.fail(error, path === undefined ? undefined : end.show(path))
  }

  /** Files of a local directory that no storage can hold are compared with nothing. */
  async skippedFiles(source: Source): Promise<void> {
    this.failed += await reportSkippedFiles(this.#context, source, (line) =>
      this.progress.note(line),
    )
  }

  async finish(verb: string): Promise<number> {
    const { files, bytes: count, differences, failed } = this
    const milliseconds = Math.round(performance.now() - this.#started)
    const { quiet, json, stderr, out } = this.#context
    const what = `${verb} ${plural(files, 'file')}, ${bytes(count)} in ${duration(milliseconds)}`
    const found = verb === 'read' ? '' : `; ${plural(differences, 'difference')}`
    const failures = failed > 0 ? `; ${failed} FAILED` : ''
    if (!quiet && !json) stderr.write(`${what}${found}${failures}\n`)
    await out.result({ type: 'summary', files, bytes: count, differences, failed, milliseconds })
    return differences + failed > 0 ? EXIT.partial : EXIT.ok
  }
}

async function compareTrees(
  context: Context,
  check: Check,
  left: Endpoint,
  right: Endpoint,
  options: Options,
): Promise<void> {
  const { concurrency, signal } = context
  const sum = (end: Endpoint, path: string): Promise<string> =>
    checksum(end.storage, path, signal, (count) => check.read(count))
  await forEach(
    readAhead(pairs(left, right, signal, check.unreadable), AHEAD, ({ left: a, right: b }) => {
      if (a && b) check.progress.found(1, options.sizes ? 0 : a.size + b.size)
    }),
    concurrency,
    async (pair) => {
      const { left: a, twin } = pair
      const shown = right.show(within(right, pair.name))
      if (a === undefined) return check.differs('extra', shown)
      const b = twin === undefined ? await counterpart(pair, right, signal) : undefined
      if (b === undefined) return check.differs('missing', shown)
      if (a.size !== b.size) await check.differs('size', shown)
      else if (!options.sizes) {
        try {
          const [x, y] = await Promise.all([sum(left, a.path), sum(right, b.path)])
          if (x !== y) await check.differs('content', shown)
        } catch (error) {
          check.fail(error, shown)
        }
      }
      check.done()
    },
    signal,
  )
}

async function compareManifest(
  context: Context,
  check: Check,
  end: Endpoint,
  file: string,
): Promise<void> {
  const { concurrency, signal } = context
  const entries = await readManifest(file)
  check.progress.found(entries.length, 0)
  const fold = foldOf(end.storage) ?? ((path) => path)
  const listed = new Set(entries.map(({ name }) => fold(within(end, name))))
  const one = async ({ name, sha256 }: ManifestEntry): Promise<void> => {
    const path = within(end, name)
    try {
      const actual = await checksum(end.storage, path, signal, (count) => check.read(count))
      if (actual !== sha256) await check.differs('content', end.show(path))
    } catch (error) {
      if (isStorageError(error, 'PATH_NOT_FOUND')) await check.differs('missing', end.show(path))
      else check.fail(error, end.show(path))
    }
    check.done()
  }
  await forEach(entries, concurrency, one, signal)
  const unreadable = (error: unknown): void => check.unreadable(error, end)
  for await (const { path } of filesBeneath(end, signal, unreadable)) {
    if (!listed.has(fold(path))) await check.differs('extra', end.show(path))
  }
}

async function write(context: Context, check: Check, end: Endpoint, file: string): Promise<void> {
  const { concurrency, signal, json, out } = context
  const entries: ManifestEntry[] = []
  const unreadable = (error: unknown): void => check.unreadable(error, end)
  const files = filesBeneath(end, signal, unreadable)
  await forEach(
    readAhead(files, AHEAD, ({ size }) => check.progress.found(1, size)),
    concurrency,
    async ({ path }) => {
      try {
        const sha256 = await checksum(end.storage, path, signal, (count) => check.read(count))
        entries.push({ name: relative(end, path), sha256 })
        check.done()
      } catch (error) {
        check.fail(error, end.show(path))
      }
    },
    signal,
  )
  entries.sort((a, b) => compareKeys(a.name, b.name))
  if (file !== '-') return writeManifest(resolve(context.cwd, file), entries)
  for (const entry of entries) {
    await (json ? out.result({ type: 'file', ...entry }) : out.write(manifestLine(entry)))
  }
}
