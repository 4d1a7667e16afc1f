import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { JOB, type Job, type Progress } from './job.ts'
import type { ChildOptions } from './options.ts'

/** Whether the suite itself runs from its sources: then so does the child. */
const FROM_SOURCE = import.meta.url.endsWith('.ts')
const PROGRAM = fileURLToPath(new URL(FROM_SOURCE ? './child.ts' : './child.js', import.meta.url))
const SOURCE_FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']

type JobOf<J> = J extends Job ? Omit<J, 'module' | 'storage'> : never

/** A process that works on a storage, to be killed in the middle of it. */
export class WorkingChild {
  readonly #process: ChildProcess
  readonly #exit: Promise<void>
  readonly #told: Progress[] = []
  #wake = (): void => {}
  #output = ''

  /** @param signal kills it: a case that has run out of time must not leave its process behind. */
  constructor(options: ChildOptions, storage: string, job: JobOf<Job>, signal?: AbortSignal) {
    const whole = { ...job, storage, module: moduleUrl(options.module) }
    const flags = [...(FROM_SOURCE ? SOURCE_FLAGS : []), ...(options.execArgv ?? [])]
    this.#process = spawn(process.execPath, [...flags, PROGRAM], {
      env: { ...process.env, ...options.env, [JOB]: JSON.stringify(whole) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#exit = new Promise((done) => {
      this.#process.once('close', () => {
        this.#wake()
        done()
      })
      this.#process.once('error', (error) => {
        this.#output += error.message
        done()
      })
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString()
      })
    }
    signal?.addEventListener('abort', () => void this.kill(), { once: true })
    this.#process.on('message', (progress: Progress) => {
      this.#told.push(progress)
      this.#wake()
    })
  }

  get #ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /** What it told last. */
  get last(): Progress | undefined {
    return this.#told.at(-1)
  }

  /** Waits until it tells what fits. Fails with its output where it ends before. */
  async until(fits: (progress: Progress) => boolean): Promise<Progress> {
    for (let at = 0; ; at++) {
      while (at >= this.#told.length) {
        if (this.#ended) assert.fail(`the child process ended by itself:\n${this.#output}`)
        await new Promise<void>((wake) => {
          this.#wake = wake
        })
      }
      const progress = this.#told[at]
      if (progress !== undefined && fits(progress)) return progress
    }
  }

  /** Lets it go on where it waits for that. */
  go(): void {
    this.#process.send('go')
  }

  /** Kills it at once and waits for its end. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exit
  }
}

function moduleUrl(module: string | URL): string {
  if (module instanceof URL || module.startsWith('file:')) return String(module)
  return pathToFileURL(resolve(module)).href
}
