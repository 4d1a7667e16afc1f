// Starts server processes on loopback with their data in a temporary folder, and sees to it that nothing stays behind.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { patient } from '../../jest-preset/patience.mjs'

/** Until starting counts as failed. Ceph on a busy machine takes more than one. */
const START_MS = patient(300_000)
/** For one answer of a server that is asked whether it is ready. */
const ANSWER_MS = patient(20_000)

let keeper: ChildProcess | undefined
let kept = 0

interface Order {
  readonly add?: number
  readonly drop?: number
  readonly folder?: string
  readonly forget?: string
  readonly mount?: string
  readonly unmounted?: string
}

/** Tells the watchdog, which is started with the first thing to watch and ended after the last. */
function tell(order: Order): void {
  if (keeper === undefined) {
    const file = fileURLToPath(new URL('./keeper.ts', import.meta.url))
    keeper = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      detached: true, // a Ctrl-C in the terminal must not reach it
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: process.env.PATH },
    })
    keeper.once('error', () => {})
    keeper.unref()
    const input = keeper.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null
    input?.once('error', () => {})
    input?.unref?.()
  }
  keeper.stdin?.write(`${JSON.stringify(order)}\n`)
  kept += (order.add ?? order.folder ?? order.mount) === undefined ? -1 : 1
  if (kept === 0) {
    keeper.stdin?.end()
    keeper = undefined
  }
}

/** A temporary folder that goes away with `removeFolder` or, at the latest, with this process. */
export async function makeFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `stowage-${name}-`))
  tell({ folder })
  return folder
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  tell({ forget: folder })
}

/** What is mounted there is unmounted at the latest with this process. Call the result once it is. */
export function watchMount(mount: string): () => void {
  tell({ mount })
  return () => tell({ unmounted: mount })
}

const given = new Set<number>()

/** A TCP port on loopback that nobody listens on, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const probe = createServer()
      probe.once('error', reject)
      probe.listen(0, '127.0.0.1', () => {
        const address = probe.address()
        probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
      })
    })
    if (given.has(port)) continue
    given.add(port)
    return port
  }
}

export interface ProcessOptions {
  /** What errors call it. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Where it runs and where its log file is. */
  readonly folder: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Asked again and again until it says true; `said` gives the last lines of the log. Errors count as false. */
  readonly ready: (said: () => string) => Promise<boolean>
  /** Milliseconds until starting counts as failed. Default: five minutes. */
  readonly deadline?: number
}

/** A running server process. */
export interface Running {
  readonly pid: number
  /** The last lines of what it printed. */
  readonly lastLines: (count?: number) => string
  /** Kills it and waits until it is gone. */
  stop(): Promise<void>
}

/** Starts a process and waits until it is ready; an error says what it printed last. */
export async function startProcess(options: ProcessOptions): Promise<Running> {
  const { name, command, args, folder } = options
  const file = join(folder, `${name}.log`)
  const log = openSync(file, 'a')
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ['ignore', log, log],
    env: { ...plainEnvironment(folder), ...options.env },
  })
  closeSync(log)
  let ended: string | undefined
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ended = `could not be started: ${error.message}`
      resolve()
    })
    child.once('exit', (code, signal) => {
      ended = `ended with ${signal ?? `exit code ${code}`}`
      if (child.pid !== undefined) tell({ drop: child.pid })
      resolve()
    })
  })
  child.unref()
  if (child.pid !== undefined) tell({ add: child.pid })
  const running: Running = {
    pid: child.pid ?? 0,
    lastLines: (count) => lastLinesOf(file, count),
    stop: async () => {
      if (ended === undefined) child.kill('SIGKILL')
      child.ref()
      await gone
    },
  }
  if (child.pid === undefined) await gone
  const deadline = options.deadline ?? START_MS
  const ready = (): Promise<boolean> => options.ready(running.lastLines)
  const problem = await waitUntil(ready, deadline, () => ended)
  if (problem === undefined) return running
  const lines = running.lastLines()
  await running.stop()
  throw new Error(`${name} ${problem}\n${lines || '(it printed nothing)'}`)
}

/** Resolves when `ready` is true; otherwise with what went wrong. */
async function waitUntil(
  ready: () => Promise<boolean>,
  deadline: number,
  ended: () => string | undefined,
): Promise<string | undefined> {
  const end = Date.now() + deadline
  for (;;) {
    const problem = ended()
    if (problem !== undefined) return problem
    if (await ready().catch(() => false)) return ended()
    if (Date.now() > end) return `was not ready after ${deadline / 1000} s`
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** Servers see nothing of the user's own cloud settings, proxies and credentials. */
function plainEnvironment(folder: string): Record<string, string | undefined> {
  const { PATH, LANG, TMPDIR, SystemRoot } = process.env
  return { PATH, LANG, TMPDIR, SystemRoot, HOME: folder }
}

function lastLinesOf(file: string, count = 15): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-count).join('\n')
  } catch {
    return ''
  }
}

/** True when an HTTP server answers at all, with one of the given statuses if there are any. */
export async function answers(url: string, statuses: readonly number[] = []): Promise<boolean> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' })
  await reply.arrayBuffer()
  return statuses.length === 0 || statuses.includes(reply.status)
}
