import type { CaseResult, ChildOptions, SuiteReport } from '@stowage/testsuite'
import { type Add, examples } from '../command.ts'
import { CHILD_VARIABLE, type ChildStorage } from '../conformance-child.ts'
import type { Context } from '../context.ts'
import { usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { duration, integerFrom, plural } from '../format.ts'
import { removeDirectory, scratch } from '../scratch.ts'
import type { NamedSpec } from '../storage.ts'

interface Options {
  readonly full?: boolean
  readonly seed?: number
  readonly only?: string
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
    .addHelpText(
      'after',
      `
Every case works in a scratch storage beneath the one given and removes it. Other data is not touched.
${examples(
  ['stowage conformance fs:///tmp/scratch'],
  ['stowage conformance "s3://bucket/scratch?region=eu-central-1" --concurrency 16'],
  ["stowage conformance 'sqlite:///tmp/{}.db' --import ./my-driver.js"],
)}`,
    )
    .action(bind<Options>(conformance))
}

async function conformance(context: Context, [text]: readonly string[], options: Options) {
  if (text?.includes('#')) {
    throw usageError('conformance takes a storage without a path', `write ${text.split('#')[0]}`)
  }
  const named = await context.storages.resolve(text)
  // Opened once before: a wrong parameter is to be one error, not one for each case.
  const probe = await context.storages.openSpec(scratch(named, 'probe'))
  await probe.close()
  const report = await runCases(context, named, options, probe.capabilities.persistent)
  if (report.results.length === 0) {
    throw usageError(`no case has '${options.only}' in its id`, 'see the ids with --json')
  }
  await summary(context, report)
  return report.failed > 0 ? EXIT.partial : EXIT.ok
}

async function runCases(
  context: Context,
  named: NamedSpec,
  options: Options,
  persistent: boolean,
): Promise<SuiteReport> {
  const { runSuite } = await import('@stowage/testsuite')
  const { cwd, signal, concurrency, storages, redactor } = context
  const child = { named, cwd, imports: storages.imports }
  const done: CaseResult[] = []
  const tellAll = async (result: CaseResult): Promise<void> => {
    // Results come area by area: one is complete when the next one begins.
    if (done.length > 0 && done[0]?.area !== result.area) await area(context, done.splice(0))
    done.push(result)
    await tell(context, result)
  }
  const report = await runSuite(
    {
      name: redactor.redact(named.name),
      open: (storage) => storages.openSpec(scratch(named, storage)),
      remove: (storage) => removeDirectory(scratch(named, storage)),
      // Another process sees nothing of a storage that lives with its instance.
      child: persistent ? childOptions(child) : undefined,
      concurrency,
      size: options.full ? 'full' : 'quick',
      seed: options.seed,
    },
    {
      filter: ({ id }) => id.includes(options.only ?? ''),
      onResult: (result) => void tellAll(result),
      signal,
    },
  )
  signal.throwIfAborted()
  if (done.length > 0) await area(context, done)
  return report
}

function childOptions(child: ChildStorage): ChildOptions {
  return {
    module: childModule(),
    execArgv: process.execArgv,
    env: { [CHILD_VARIABLE]: JSON.stringify(child) },
  }
}

/** The module as it lies beside this one: a source, or what was made of it. */
function childModule(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`../conformance-child.${extension}`, import.meta.url)
}

async function tell({ out, redactor }: Context, result: CaseResult): Promise<void> {
  const { id, area, title, status, reason, ms } = result
  const error = result.error && redactor.redact(result.error.message)
  const failed =
    status === 'failed' ? `FAILED ${id}: ${title}\n  ${indent(error ?? '')}` : undefined
  await out.result({ type: 'case', id, area, title, status, reason, error, ms }, failed)
}

function indent(text: string): string {
  return text.trim().replace(/\n+/g, '\n  ')
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
