// Runs a command with test servers, which it finds through @stowage-internal/test-servers:
//   node internal/test-servers/bin/with-servers.mjs s3 azurite gcs -- COMMAND [ARGUMENTS]
// Without a command it prints where the servers are and keeps them until Ctrl-C.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { reportServers, startShared, stopShared } from '../src/index.ts'

const args = process.argv.slice(2)
const split = args.includes('--') ? args.indexOf('--') : args.length
const [kinds, [command, ...rest]] = [args.slice(0, split), args.slice(split + 1)]
const known = ['s3', 'azurite', 'gcs']
if (kinds.length === 0 || kinds.some((kind) => !known.includes(kind))) {
  console.error('usage: node with-servers.mjs {s3|azurite|gcs} ... [-- COMMAND [ARGUMENTS]]')
  process.exit(2)
}

const interrupted = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve(130))
})
try {
  await startShared(kinds)
  if (command === undefined) {
    const { servers } = JSON.parse(process.env.STOWAGE_TEST_RUNNING)
    for (const { name, version, facts } of servers) console.log(name, version, facts)
    const alive = setInterval(() => {}, 60_000)
    process.exitCode = await interrupted
    clearInterval(alive)
  } else {
    const child = spawn(command, rest, { stdio: 'inherit' })
    const failed = once(child, 'error').then(([error]) => {
      console.error(`${command}: ${error.message}`)
      return 127
    })
    const ended = once(child, 'exit').then(([code]) => code ?? 1)
    process.exitCode = await Promise.race([ended, failed, interrupted])
    child.kill()
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  await stopShared()
  for (const line of reportServers()) console.error(line)
}
