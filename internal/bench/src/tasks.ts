import { Readable } from 'node:stream'
import { content } from './content.ts'
import { filePath, type Operation, type Result, type Task } from './protocol.ts'
import type { Subject } from './subject.ts'

/** Chunks of a source: what sockets and files give by default. */
const CHUNK = 64 * 1024

interface Done {
  readonly count: number
  readonly bytes: number
}

type Work = (subject: Required<Subject>, task: Task) => Promise<Done>

/** Does a task and measures it; what it needs is made before the clock starts. */
export async function run(subject: Subject, task: Task): Promise<Result> {
  if (subject[task.op] === undefined) throw new Error(`${task.op} is not there`)
  const work = WORK[task.op]
  content(task.op === 'put' ? (task.size ?? 0) : CHUNK)
  const before = process.cpuUsage()
  const started = performance.now()
  const { count, bytes } = await work(subject as Required<Subject>, task)
  const ms = performance.now() - started
  const { user, system } = process.cpuUsage(before)
  return { ms, cpuMs: (user + system) / 1000, count, bytes }
}

const WORK: Readonly<Record<Operation, Work>> = {
  async put(subject, task) {
    const bytes = content(task.size ?? 0)
    await forEach(task, (path) => subject.put(path, bytes))
    return { count: task.count ?? 1, bytes: (task.count ?? 1) * bytes.length }
  },
  async get(subject, task) {
    let bytes = 0
    await forEach(task, async (path) => {
      const { length } = await subject.get(path)
      bytes += length
    })
    return { count: task.count ?? 1, bytes }
  },
  async upload(subject, { path, size = 0 }) {
    await subject.upload(path, () => source(size), size)
    return { count: 1, bytes: size }
  },
  async download(subject, { path }) {
    let bytes = 0
    for await (const chunk of await subject.download(path)) bytes += chunk.length
    return { count: 1, bytes }
  },
  list: async (subject, { path }) => count(subject.list(path)),
  walk: async (subject, { path }) => count(subject.walk(path)),
  async move(subject, task) {
    await forEach(task, (path) => subject.move(path, `${path}-moved`))
    return { count: task.count ?? 1, bytes: 0 }
  },
  async delete(subject, { path, count: files = 1 }) {
    await subject.delete(path)
    return { count: files, bytes: 0 }
  },
  async resume(subject, { path, size = 0 }) {
    const half = Math.floor(size / 2)
    await subject.resume(
      path,
      () => source(half),
      () => source(size - half),
    )
    return { count: 1, bytes: size }
  },
}

async function count(entries: AsyncIterable<unknown>): Promise<Done> {
  let number = 0
  for await (const _ of entries) number += 1
  return { count: number, bytes: 0 }
}

/** Calls the function for each file of the task, as many at a time as it says. */
async function forEach(task: Task, call: (path: string) => Promise<unknown>): Promise<void> {
  const { count: files = 1, parallel = 1 } = task
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < files) await call(filePath(task, next++))
  }
  await Promise.all(Array.from({ length: parallel }, lane))
}

function source(size: number): Readable {
  return Readable.from(chunks(size), { objectMode: false, highWaterMark: CHUNK })
}

function* chunks(size: number): Generator<Uint8Array> {
  for (let left = size; left > 0; left -= CHUNK) yield content(CHUNK).subarray(0, left)
}
