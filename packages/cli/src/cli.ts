// The process around program.ts: its signals, streams and exit code.
import { interruption } from './errors.ts'
import { run } from './program.ts'

/** How long what is still open may keep the process alive once all is done. */
const GRACE = 2_000
/** How long a stopped transfer may take to make durable what it has sent. */
const PATIENCE = 10_000

const controller = new AbortController()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const error = interruption(signal)
    if (controller.signal.aborted) process.exit(error.exitCode)
    controller.abort(error)
    setTimeout(() => process.exit(error.exitCode), PATIENCE).unref()
  })
}

process.stderr.on('error', () => {})

/** Empty where the directory was removed: relative locations fail then, absolute ones do not need it. */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    return ''
  }
}

const { stdin, stdout, stderr, env } = process
process.exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  cwd: workingDirectory(),
  signal: controller.signal,
})
// Calls that an interruption has overtaken clean up after themselves. What a stalled reader was to get would keep
// the process alive for ever.
setTimeout(() => process.exit(), GRACE).unref()
