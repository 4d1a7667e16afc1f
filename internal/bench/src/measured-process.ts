import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Config, Operation, Reply, Result, Task } from './protocol.ts'

const WORKER = new URL('./worker.ts', import.meta.url).pathname

/** Who is measured: a name for the tables, and how to start it. */
export interface SubjectSpec {
  readonly name: string
  /** A module in subjects/, or the program that is given. */
  readonly module: string
  readonly program?: string
  readonly config: Config
}

/** A task's result, with the most memory that the process had during it, beyond what it had before. */
export interface Measured extends Result {
  readonly peakBytes: number | undefined
}

/** A running subject. It works on one task at a time. */
export class MeasuredProcess {
  readonly name: string
  operations: readonly Operation[] = []
  readonly #child: ChildProcess
  readonly #replies: AsyncIterator<string>

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
    if (!child.stdout) throw new Error('no pipe to the process')
    this.#replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** Starts a subject; undefined, with its reason on stderr, where it does not load on this machine. */
  static async start(spec: SubjectSpec): Promise<MeasuredProcess | undefined> {
    const { name, module, program, config } = spec
    const json = JSON.stringify(config)
    const args = ['--disable-warning=ExperimentalWarning', WORKER, module, json]
    const child = program ? spawn(program, [json], STDIO) : spawn(process.execPath, args, STDIO)
    child.on('error', (error) => console.error(`bench: ${name}: ${error.message}`))
    const started = new MeasuredProcess(name, child)
    try {
      const reply = await started.#reply()
      if (!('ready' in reply)) throw new Error('error' in reply ? reply.error : 'it is not ready')
      started.operations = reply.ready
      return started
    } catch (error) {
      console.error(`bench: ${name} is left out: ${(error as Error).message}`)
      await started.stop()
      return undefined
    }
  }

  async run(task: Task): Promise<Measured> {
    const before = await this.#memory('reset')
    this.#child.stdin?.write(`${JSON.stringify(task)}\n`)
    const reply = await this.#reply()
    if ('error' in reply) throw new Error(`${this.name}: ${task.op} ${task.path}: ${reply.error}`)
    if (!('result' in reply)) throw new Error(`${this.name}: an unexpected reply`)
    const peak = await this.#memory('peak')
    const peakBytes = before !== undefined && peak !== undefined ? peak - before : undefined
    return { ...reply.result, peakBytes }
  }

  async #reply(): Promise<Reply> {
    const { value, done } = await this.#replies.next()
    if (done) throw new Error(`${this.name}: the process has ended`)
    return JSON.parse(value) as Reply
  }

  /** Linux tells the most memory since it was last asked to forget it; elsewhere nothing is known. */
  async #memory(what: 'reset' | 'peak'): Promise<number | undefined> {
    try {
      const folder = `/proc/${this.#child.pid}`
      if (what === 'reset') await writeFile(`${folder}/clear_refs`, '5')
      const status = await readFile(`${folder}/status`, 'utf8')
      const line = what === 'reset' ? /VmRSS:\s+(\d+)/ : /VmHWM:\s+(\d+)/
      const kilobytes = line.exec(status)?.[1]
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
    } catch {
      return undefined
    }
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.stdin?.end()
    this.#child.kill()
    await ended
  }
}

const STDIO = { stdio: ['pipe', 'pipe', 'inherit'] } as const satisfies { stdio: unknown[] }
