import { parseArgs } from 'node:util'
import { ask } from './ask.ts'
import { CreateError, type Given, USAGE } from './choices.ts'
import { ownVersion } from './versions.ts'
import { write } from './write.ts'

const HELP = `Makes the project of a Stowage driver: sources, one conformance test, and a guide from red to green.

Usage: npm create stowage-driver [name] [-- options]

  name                  what it will be registered as: create('<name>', ...), package stowage-driver-<name>

Options:
  --template <kind>     minimal (default): methods to be written; complete: a driver in memory to be changed
  --license <license>   Apache-2.0 (default), MIT or none
  --directory <path>    where to; by default ./stowage-driver-<name>; missing or empty
  -y, --yes             asks nothing; what is not given takes its default
  -h, --help            shows this
  -v, --version         shows the version

What is missing is asked for in a terminal. Nothing is downloaded and nothing is run: npm install is yours to call.
`

/** Runs the command with these arguments. @returns its exit code; it never rejects. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    return await attempt(args)
  } catch (error) {
    if (!(error instanceof CreateError)) throw error
    process.stderr.write(`create-stowage-driver: ${error.message}\n`)
    return error.exitCode
  }
}

async function attempt(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args)
  if (values.help) process.stdout.write(HELP)
  else if (values.version) process.stdout.write(`${ownVersion()}\n`)
  else {
    if (positionals.length > 1) {
      throw new CreateError(`one name, not ${positionals.length}: ${positionals.join(' ')}`, USAGE)
    }
    const given: Given = { ...values, name: positionals[0] }
    const isInteractive = process.stdin.isTTY && process.stdout.isTTY && !values.yes
    const terminal = { input: process.stdin, output: process.stdout }
    const choices = await ask(given, isInteractive ? terminal : undefined)
    if (choices === undefined) return 1
    const files = write(choices)
    process.stdout.write(done(choices.name, choices.directory, choices.template, files))
  }
  return 0
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        template: { type: 'string' },
        license: { type: 'string' },
        directory: { type: 'string' },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    })
  } catch (error) {
    // Node's own words name the argument.
    throw new CreateError(
      `${(error as Error).message}\nSee npm create stowage-driver -- --help`,
      USAGE,
    )
  }
}

function done(name: string, directory: string, template: string, files: readonly string[]): string {
  const next =
    template === 'minimal'
      ? 'runs the conformance suite in stages and says what to write next'
      : 'runs the conformance suite in stages: all are green; keep them so'
  return `Made ${files.length} files in ${directory}

  cd ${directory}
  npm install
  npm run next     ${next}
  npm test         runs the whole suite

Users will write create('${name}', ...). The methods to write are in src/driver.ts.
`
}
