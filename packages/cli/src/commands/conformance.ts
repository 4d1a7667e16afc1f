import { resolve } from 'node:path'
import type { StorageDriver } from '@stowage/core'
import type { CaseResult, ChildOptions, SuiteOptions, SuiteReport } from '@stowage/testsuite'
import { type Add, examples } from '../command.ts'
import { CHILD_MODULE, CHILD_VARIABLE, type ChildStorage } from '../conformance-child.ts'
import type { Context } from '../context.ts'
import type { DriverSource } from '../drivers.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { duration, integerFrom, parseBytes, parseDuration, plural } from '../format.ts'
import { ownPackages, packageOfDriver } from '../packages.ts'
import { removeDirectory, scratch } from '../scratch.ts'
import { serverHeader } from '../server-header.ts'
import type { NamedSpec } from '../storage.ts'

interface Options {
  readonly full?: boolean
  readonly seed?: number
  readonly only?: string
  readonly skip?: Readonly<Record<string, string>>
  readonly partSize?: number
  readonly pageSize?: number
  readonly timeout?: number
  readonly report?: string
  readonly name?: string
  readonly server?: string
}

/** `conformance`: the suite against a real storage. */
export const addConformance: Add = (program, bind) => {
  program
    .command('conformance')
    .description('run the contract against a storage and report what it does not keep')
    .argument('[storage]', 'URL or name; {} in a URL is where the name of a scratch storage goes')
    .option('--full', 'also the cases that take minutes and gigabytes')
    .option('--seed <number>', 'the seed of an earlier run, to see a failure again', integerFrom(0))
    .option('--only <text>', 'cases whose id has this text in it')
    .option('--skip <id=reason>', 'a case that cannot pass there, and why (repeatable)', skipped)
    .option(
      '--part-size <bytes>',
      'what the driver passes on at a time; sizes around it',
      parseBytes,
    )
    .option(
      '--page-size <n>',
      'entries the storage lists at a time; numbers around it',
      integerFrom(1),
    )
    .option('--timeout <time>', 'most time for one case, 5m by default', parseDuration)
    .option('--report <directory>', 'write report.json, index.html, badge.svg and badge.json')
    .option('--name <text>', "the storage's name in the report; its URL by default")
    .option('--server <text>', 'product and version behind the storage, for the report')
    .addHelpText(
      'after',
      `
Every case works in a scratch storage beneath the one given and removes it. Other data is not touched.
A report has no credentials, no user and no query of a URL in it; it may have names of hosts and buckets.
${examples(
  ['stowage conformance fs:///tmp/scratch'],
  ['stowage conformance "s3://bucket/scratch?region=eu-central-1" --concurrency 16'],
  ['stowage conformance fs:///mnt/nas/scratch --report ./report --server "NAS 4.2"'],
  ["stowage conformance 'sqlite:///tmp/{}.db' --import ./my-driver.js"],
)}`,
    )
    .action(bind<Options>(conformance))
}

function skipped(value: string, before: Readonly<Record<string, string>> = {}) {
  const [, id, reason] = /^([a-z0-9-]+)=([^\S\r\n]*\S.*)$/.exec(value) ?? []
  if (id === undefined || reason === undefined) {
    throw usageError('--skip takes the id of a case and a reason', "write --skip 'id=reason'")
  }
  return { ...before, [id]: reason }
}

async function conformance(context: Context, [text]: readonly string[], options: Options) {
  if (text?.includes('#')) {
    throw usageError('conformance takes a storage without a path', `write ${text.split('#')[0]}`)
  }
  context.out.goOn()
  const named = await context.storages.resolve(text)
  const startedAt = new Date()
  // Opened once before: a wrong parameter is to be one error, not one for each case.
  let probe: StorageDriver | undefined
  const header = await serverHeader(async () => {
    probe = await context.storages.openSpec(scratch(named, 'probe'))
    if (options.report !== undefined) await probe.stat('/', { signal: context.signal })
    await probe.close()
  })
  const driver = probe as unknown as StorageDriver
  const suite = suiteOptions(context, named, options, driver.capabilities.persistent)
  const report = await runCases(context, suite, options)
  if (report.results.length === 0) {
    throw usageError(`no case has '${options.only}' in its id`, 'see the ids with --json')
  }
  const { spec, directory } = named
  const source = { directory, isScheme: typeof spec === 'string' }
  const run = {
    report,
    suite,
    driver,
    startedAt,
    header,
    registered: registeredName(named),
    source,
  }
  if (options.report !== undefined) await write(context, options.report, options, run)
  await summary(context, report)
  return report.failed > 0 ? EXIT.partial : EXIT.ok
}

function suiteOptions(
  { redactor, storages, cwd, concurrency }: Context,
  named: NamedSpec,
  options: Options,
  persistent: boolean,
): SuiteOptions {
  const child = { named, cwd, imports: storages.imports }
  return {
    name: options.name ?? redactor.redact(named.name),
    open: (storage) => storages.openSpec(scratch(named, storage)),
    remove: (storage) => removeDirectory(scratch(named, storage)),
    // Another process sees nothing of a storage that lives with its instance.
    child: persistent ? childOptions(child) : undefined,
    concurrency,
    size: options.full ? 'full' : 'quick',
    seed: options.seed,
    skip: options.skip,
    partSize: options.partSize,
    pageSize: options.pageSize,
    timeoutMs: options.timeout,
  } as SuiteOptions
}

async function runCases(
  context: Context,
  suite: SuiteOptions,
  options: Options,
): Promise<SuiteReport> {
  const { runSuite } = await import('@stowage/testsuite')
  const { signal } = context
  const done: CaseResult[] = []
  const tellAll = async (result: CaseResult): Promise<void> => {
    // Results come area by area: one is complete when the next one begins.
    if (done.length > 0 && done[0]?.area !== result.area) await area(context, done.splice(0))
    done.push(result)
    await tell(context, result)
  }
  const report = await runSuite(suite, {
    filter: ({ id }) => id.includes(options.only ?? ''),
    onResult: (result) => void tellAll(result),
    signal,
  })
  signal.throwIfAborted()
  if (done.length > 0) await area(context, done)
  return report
}

function childOptions(child: ChildStorage): ChildOptions {
  return {
    module: CHILD_MODULE,
    execArgv: process.execArgv,
    env: { [CHILD_VARIABLE]: JSON.stringify(child) },
  }
}

interface Run {
  readonly report: SuiteReport
  readonly suite: SuiteOptions
  readonly driver: StorageDriver
  readonly startedAt: Date
  readonly header: string | undefined
  /** The name in the table of drivers. */
  readonly registered: string
  readonly source: DriverSource
}

function registeredName({ spec }: NamedSpec): string {
  return (typeof spec === 'string' ? spec.split(':')[0] : Object.keys(spec)[0]) ?? ''
}

/** Writes the report of the run where `--report` says. */
async function write(
  { cwd, env, out, redactor, storages }: Context,
  directory: string,
  { server }: Options,
  { report, suite, driver, startedAt, header, registered, source }: Run,
): Promise<void> {
  const { conformanceReport, writeReport } = await import('@stowage/testsuite')
  redactor.learnEnvironment(env)
  const made = conformanceReport(report, {
    options: suite,
    driver,
    startedAt,
    durationMs: Date.now() - startedAt.getTime(),
    package: await packageOfDriver(registered, source, { imports: storages.imports, cwd }),
    server: server === undefined && header === undefined ? undefined : { name: server, header },
    packages: await ownPackages(),
    redact: (text) => redactor.redact(text),
  })
  const files = await writeReport(resolve(cwd, directory), made)
  await out.result({ type: 'report', files }, `report: ${files.find((file) => /html$/.test(file))}`)
}

async function tell({ out, redactor }: Context, result: CaseResult): Promise<void> {
  const { id, area, title, status, reason, ms } = result
  const error = result.error && redactor.redact(result.error.message)
  const failed =
    status === 'failed' ? [`FAILED ${id}: ${title}`, ...indented(error ?? '')] : undefined
  await out.result({ type: 'case', id, area, title, status, reason, error, ms }, failed)
}

function indented(text: string): string[] {
  return text
    .trim()
    .split(/\n+/)
    .map((line) => `  ${line}`)
}

/** The line of an area's results. */
async function area({ out }: Context, cases: readonly CaseResult[]): Promise<void> {
  const count = (status: string): number => cases.filter((one) => one.status === status).length
  const counts = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  const name = cases[0]?.area ?? ''
  const ms = cases.reduce((sum, one) => sum + one.ms, 0)
  const mark = counts.failed > 0 ? 'FAILED' : counts.passed > 0 ? 'ok' : 'skipped'
  const shown = [
    `${mark.padEnd(8)} ${name.padEnd(16)} ${String(counts.passed).padStart(3)} passed`,
    `${String(counts.failed).padStart(3)} failed`,
    `${String(counts.skipped).padStart(3)} skipped`,
    duration(ms),
  ]
  await out.result({ type: 'area', area: name, ...counts, ms }, shown.join(', '))
}

async function summary({ out }: Context, report: SuiteReport): Promise<void> {
  const { passed, failed, skipped, seed, name } = report
  const verdict = failed === 0 ? 'keeps the contract' : 'does not keep the contract'
  const counts = `${plural(passed, 'case')} passed, ${failed} failed, ${skipped} skipped`
  const text = `${name} ${verdict}: ${counts} (seed ${seed})`
  await out.result({ type: 'summary', name, seed, passed, failed, skipped }, text)
}
