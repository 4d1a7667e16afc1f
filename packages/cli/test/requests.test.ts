import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { OperationContext } from '@stowage/core'
import { register } from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
import { runHere } from './helpers/in-process.ts'
import { Workspace } from './helpers/stowage.ts'

// A bucket: where it lies says that it is one. What each operation costs in requests is in the drivers' tables.
const buckets = { from: new InMemoryDriver(), to: new InMemoryDriver() }
for (const name of ['from', 'to'] as const) register(name, () => buckets[name])

let work: Workspace
beforeEach(async () => {
  work = await Workspace.create()
  buckets.from = new InMemoryDriver()
  buckets.to = new InMemoryDriver()
})
afterEach(() => work.remove())

/** Where a place lies is told without a request, and an open stream is part of what opened it. */
const FREE = ['locate', 'read', 'upload', 'writer', 'write']

/** The operations on the buckets `from` and `to` while a command runs that ends well. */
async function operations(...args: string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const count = (message: unknown): void => {
    const { driver, method } = message as OperationContext
    if (driver === 'fs' || FREE.includes(method)) return
    counts[method] = (counts[method] ?? 0) + 1
  }
  subscribe('tracing:stowage:operation:start', count)
  try {
    const { code, stderr } = await runHere(args, { cwd: work.directory })
    expect([code, stderr]).toEqual([0, expect.any(String)])
  } finally {
    unsubscribe('tracing:stowage:operation:start', count)
  }
  return counts
}

const OLD = { modTime: new Date('2020-01-02T03:04:05.678Z') }
const FILES = 3

/** What each further file costs: the difference between few files and one. */
async function perFile(...args: string[]): Promise<Record<string, number>> {
  const runs: Record<string, number>[] = []
  for (const files of [1, 1 + FILES]) {
    buckets.from = new InMemoryDriver()
    buckets.to = new InMemoryDriver()
    await work.remove()
    work = await Workspace.create()
    for (let i = 0; i < files; i++) {
      await buckets.from.putContent(`/dir/${i}`, Buffer.from('content'), OLD)
      await work.write(`dir/${i}`, 'content')
    }
    runs.push(await operations(...args))
  }
  const [one = {}, many = {}] = runs
  const each = Object.entries(many).map(([name, count]) => [
    name,
    (count - (one[name] ?? 0)) / FILES,
  ])
  return Object.fromEntries(each.filter(([, count]) => count !== 0))
}

const send = { 'writer.commit': 1 }
const fetch = { stat: 1, reader: 1 }

it.each<[string, string[], Record<string, number>]>([
  ['cp from a bucket to another', ['cp', '-r', 'from:#/dir', 'to:'], { ...fetch, ...send }],
  ['sync from a bucket to another', ['sync', 'from:#/dir', 'to:'], { ...fetch, ...send }],
  ['get', ['get', '-r', 'from:#/dir', './got'], fetch],
  ['put', ['put', '-r', './dir', 'to:'], send],
  ['sync of local files', ['sync', './dir', 'to:'], send],
  [
    // Its copy is compared, and the source looked at: after the copy, and before it goes.
    'mv from a bucket to another',
    ['mv', 'from:#/dir', 'to:'],
    { stat: 3, reader: 2, ...send, delete: 1 },
  ],
])('%s costs no more for each file', async (_, args, expected) => {
  expect(await perFile(...args)).toEqual(expected)
})
