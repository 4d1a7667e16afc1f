import { createRequire } from 'node:module'
import { Command, type OptionValues } from 'commander'
import type { Add, Bind } from './command.ts'
import { addCat } from './commands/cat.ts'
import { addConformance } from './commands/conformance.ts'
import { addCp } from './commands/cp.ts'
import { addDrivers } from './commands/drivers.ts'
import { addDu } from './commands/du.ts'
import { addGet } from './commands/get.ts'
import { addLs } from './commands/ls.ts'
import { addMv } from './commands/mv.ts'
import { addPurge } from './commands/purge.ts'
import { addPut } from './commands/put.ts'
import { addRm } from './commands/rm.ts'
import { addStat } from './commands/stat.ts'
import { addSync } from './commands/sync.ts'
import { addTree } from './commands/tree.ts'
import { addTrust } from './commands/trust.ts'
import { addVerify } from './commands/verify.ts'
import { type Context, type Environment, errorText } from './context.ts'
import { describe, usageError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { integerFrom } from './format.ts'
import { Output, OutputClosed } from './output.ts'
import { Redactor } from './redact.ts'
import { Storages } from './storage.ts'
import { OVERVIEW, TOPICS } from './topics.ts'

const COMMANDS: readonly Add[] = [
  addLs,
  addTree,
  addStat,
  addDu,
  addCat,
  addPut,
  addGet,
  addCp,
  addMv,
  addSync,
  addVerify,
  addRm,
  addPurge,
  addConformance,
  addDrivers,
  addTrust,
]

interface GlobalOptions {
  readonly storage?: string
  readonly config?: string
  readonly import?: readonly string[]
  readonly concurrency: number
  readonly json?: boolean
  readonly quiet?: boolean
  readonly debug?: boolean
}

/**
 * Runs the command with these arguments. It tells of every error on stderr and never rejects.
 * @returns the exit code.
 */
export async function run(argv: readonly string[], environment: Environment): Promise<number> {
  const redactor = new Redactor()
  for (const argument of argv) redactor.learnURL(argument.replace(/^--[a-z]+=/, ''))
  const [json, debug] = [argv.includes('--json'), argv.includes('--debug')]
  const { stdout, stderr, signal } = environment
  const out = new Output(stdout, { json, signal })
  let code: number = EXIT.ok
  let opened: Storages | undefined
  const fail = (error: unknown): void => {
    // Whoever has left has seen enough (`stowage ls | head`).
    if (error === undefined || error instanceof OutputClosed) return
    code = describe(error).exitCode
    stderr.write(`${errorText(error, { json, debug, redactor })}\n`)
  }
  const bind: Bind =
    (start) =>
    async (...all) => {
      const command = all.at(-1) as Command
      const context = contextOf(command.optsWithGlobals(), { ...environment, out, redactor })
      opened = context.storages
      code = (await start(context, command.args, command.optsWithGlobals())) ?? EXIT.ok
    }
  try {
    const program = makeProgram(bind, stdout)
    if (argv.length === 0) program.outputHelp()
    else await program.parseAsync([...argv], { from: 'user' })
  } catch (caught) {
    fail(signal.aborted ? signal.reason : fromCommander(caught, argv))
  }
  // What was wanted is done or has failed by now.
  await opened?.close().catch(() => {})
  await out.finish().catch((error: unknown) => {
    if (code === EXIT.ok) fail(error)
  })
  return code
}

function contextOf(
  options: OptionValues,
  surroundings: Environment & Pick<Context, 'out' | 'redactor'>,
): Context {
  const { storage, config, concurrency, import: imports = [], ...flags } = options as GlobalOptions
  const { json = false, quiet = false, debug = false } = flags
  const { env, cwd, redactor } = surroundings
  return {
    ...surroundings,
    storages: new Storages({ cwd, env, redactor, storage, config, imports }),
    json,
    quiet,
    debug,
    concurrency,
  }
}

function makeProgram(bind: Bind, stdout: Environment['stdout']): Command {
  const program = new Command('stowage')
  const settings = {
    writeOut: (text: string) => void stdout.write(text),
    // Errors are thrown and told of in one place.
    writeErr: () => {},
    outputError: () => {},
  }
  program
    .exitOverride()
    .configureOutput(settings)
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .description('List, copy, synchronise and verify what a storage driver holds.')
    .version(version(), '-V, --version')
    .option('-s, --storage <url>', 'the storage of locations that name none; a URL or a name')
    .option('--config <file>', 'names of storages, or a registry configuration')
    .option('--import <module>', 'load a module that registers a driver (repeatable)', collect)
    .option('--concurrency <n>', 'files at a time', integerFrom(1), 8)
    .option('--json', 'JSON lines on standard output, errors as JSON')
    .option('-q, --quiet', 'errors only')
    .option('--debug', 'with stack traces')
    .addHelpText('after', OVERVIEW)
  for (const add of COMMANDS) add(program, bind)
  addHelp(program, stdout)
  return program
}

function addHelp(program: Command, stdout: Environment['stdout']): void {
  program
    .command('help')
    .description('show help on a command or a topic')
    .argument('[topic]')
    .action((topic?: string) => {
      const command = program.commands.find((one) => one.name() === topic)
      const text = topic === undefined ? undefined : TOPICS[topic]
      if (text !== undefined) stdout.write(text)
      else if (topic === undefined) program.outputHelp()
      else if (command) command.outputHelp()
      else throw usageError(`there is no help on '${topic}'`, 'see stowage help')
    })
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function version(): string {
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version
}

/** Commander's errors as ours; undefined where it has only shown its help. */
function fromCommander(error: unknown, argv: readonly string[]): unknown {
  const { code, message, exitCode } = error as { code?: string; message: string; exitCode?: number }
  if (!code?.startsWith('commander.')) return error
  if (exitCode === 0) return undefined
  if (code === 'commander.help') return usageError('no command is given', 'see stowage help')
  const what = message.replace(/^error: /, '').trim()
  const [first = '', guess] = what.split(/\n\(Did you mean (.*)\?\)/)
  const word = argv.find((argument) => /^[a-z]+$/.test(argument))
  const help = word === undefined || code === 'commander.unknownCommand' ? '' : ` ${word}`
  const hint = guess === undefined ? `see stowage${help} --help` : `did you mean ${guess}?`
  return usageError(first.replace(/\.$/, ''), hint)
}
