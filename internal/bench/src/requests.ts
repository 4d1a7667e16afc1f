// How many requests an operation sends, counted by a proxy in front of the server.
import { type FaultProxy, startFaultProxy } from '@stowage/testsuite'
import type { Backend } from './backends.ts'
import { MeasuredProcess } from './measured-process.ts'
import type { BackendName } from './options.ts'
import type { Task } from './protocol.ts'

const MIB = 1024 * 1024

const CASES: readonly (readonly [title: string, task: Task])[] = [
  ['put 4 KiB', { op: 'put', path: '/requests/a', size: 4096 }],
  ['get 4 KiB', { op: 'get', path: '/requests/a' }],
  ['stream 64 MiB in', { op: 'upload', path: '/requests/big/0', size: 64 * MIB }],
  ['stream 64 MiB out', { op: 'download', path: '/requests/big/0' }],
  ['list 1', { op: 'list', path: '/requests/a' }],
  ['walk 1', { op: 'walk', path: '/requests/a' }],
  ['move 4 KiB', { op: 'move', path: '/requests/a' }],
  ['delete a directory of 1', { op: 'delete', path: '/requests/a' }],
]

export interface RequestRow {
  readonly backend: BackendName
  readonly title: string
  /** By subject. */
  readonly requests: Readonly<Record<string, number>>
}

/** Counts each case, by a subject that has already sent something: connections are made, tokens fetched. */
export async function countRequests(
  backend: Backend,
  log: (text: string) => void,
): Promise<RequestRow[]> {
  if (!backend.through || backend.endpoint === undefined) return []
  const { origin, pathname } = new URL(backend.endpoint)
  const proxy = await startFaultProxy(origin)
  const counted = new Map(CASES.map(([title]) => [title, {} as Record<string, number>]))
  try {
    const endpoint = new URL(proxy.endpoint).origin + pathname.replace(/\/$/, '')
    for (const spec of backend.through(endpoint)) {
      const subject = await MeasuredProcess.start(spec)
      if (!subject) continue
      try {
        await subject.run({ op: 'put', path: '/requests/first', size: 1 })
        for (const [title, task] of CASES) await one(subject, proxy, task, counted.get(title) ?? {})
      } catch (error) {
        log(`requests of ${spec.name}: ${(error as Error).message}`)
      } finally {
        await subject.stop()
      }
    }
  } finally {
    await proxy.stop()
  }
  return [...counted].map(([title, requests]) => ({ backend: backend.name, title, requests }))
}

async function one(
  subject: MeasuredProcess,
  proxy: FaultProxy,
  task: Task,
  requests: Record<string, number>,
): Promise<void> {
  if (!subject.operations.includes(task.op)) return
  proxy.reset()
  await subject.run(task)
  await proxy.settled()
  requests[subject.name] = proxy.seen.length
}
