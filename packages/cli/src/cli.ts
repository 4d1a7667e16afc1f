// The process around program.ts: its signals, streams and exit code.
import { interruption } from './errors.ts'
import { EXIT } from './exit-codes.ts'
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

// The reader has seen enough (`stowage ls | head`): there is nobody left to write to.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed)
})
process.stderr.on('error', () => {})

const { stdin, stdout, stderr, env } = process
process.exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  cwd: process.cwd(),
  signal: controller.signal,
})
setTimeout(() => process.exit(), GRACE).unref()
