import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '@stowage-internal/jest-preset/patience'
import { freePort, makeFolder, removeFolder, startProcess } from '../src/process.ts'
import { alive } from './alive.ts'

const source = fileURLToPath(new URL('../src/process.ts', import.meta.url))

/** A process that starts a server process in a folder of its own and then ends in the given way. */
const program = (end: string): string => `
  import { makeFolder, startProcess } from ${JSON.stringify(source)}
  const folder = await makeFolder('test')
  const sleeper = await startProcess({
    name: 'sleeper', folder, command: process.execPath, ready: async (said) => said().includes('ready'),
    args: ['-e', 'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)'],
  })
  console.log(JSON.stringify({ folder, pid: sleeper.pid }))
  ${end}
`

describe('when the test process ends without stopping its servers', () => {
  it.each([
    ['because it was done', 'process.exitCode = 0'],
    ['by process.exit', 'process.exit(1)'],
    ['by an uncaught exception', 'setTimeout(() => { throw new Error("uncaught") })'],
    ['by Ctrl-C', 'process.kill(process.pid, "SIGINT"); setInterval(() => {}, 1000)'],
    ['by kill -9', 'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)'],
  ])('%s, they end and their data goes', async (_, end) => {
    const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e']
    const child = spawn(process.execPath, [...flags, program(end)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const gone = new Promise((resolve) => child.once('close', resolve))
    await gone
    const { folder, pid } = JSON.parse(said) as { folder: string; pid: number }
    await until(() => !alive(pid) && !existsSync(folder))
  })
})

describe('startProcess', () => {
  it('gives up after the deadline, kills the server and tells what it printed', async () => {
    const folder = await makeFolder('test')
    const script = 'console.log("pid", process.pid); setInterval(() => {}, 1000)'
    const started = startProcess({
      ...{ name: 'slow', folder, command: process.execPath, args: ['-e', script] },
      ready: async (said) => {
        await until(() => said().includes('pid'))
        return false
      },
      deadline: 1000,
    })
    const error = await started.catch((problem: Error) => problem)
    expect(error).toBeInstanceOf(Error)
    const { message } = error as Error
    expect(message).toMatch(/^slow was not ready after 1 s\npid \d+$/)
    expect(alive(Number(message.split(' ').at(-1)))).toBe(false)
    await removeFolder(folder)
  })

  it('says so when the program cannot be started at all', async () => {
    const folder = await makeFolder('test')
    const command = join(folder, 'nothing')
    const options = { name: 'gone', folder, command, args: [], ready: async () => true }
    await expect(startProcess(options)).rejects.toThrow(/gone could not be started: .*ENOENT/)
    await removeFolder(folder)
  })

  it('hides the environment of the user from servers', async () => {
    process.env.AWS_CA_BUNDLE = '/their/bundle'
    const folder = await makeFolder('test')
    const script = 'console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000)'
    const running = await startProcess({
      ...{ name: 'env', folder, command: process.execPath, args: ['-e', script] },
      ready: async (said) => said() !== '',
    })
    const environment = JSON.parse(running.lastLines()) as Record<string, string>
    await running.stop()
    await removeFolder(folder)
    expect(environment).toMatchObject({ HOME: folder })
    expect(environment).not.toHaveProperty('AWS_CA_BUNDLE')
  })
})

it('gives ports that can be listened on, each once', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()))
  expect(new Set(ports).size).toBe(20)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(ports[0], '127.0.0.1', resolve))
  await new Promise((resolve) => server.close(resolve))
})
