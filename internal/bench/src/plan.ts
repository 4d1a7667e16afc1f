// What is measured, in which sizes.
import type { BackendName } from './options.ts'
import type { Operation, Task } from './protocol.ts'

export interface Sizes {
  readonly stream: number
  readonly list: number
  readonly walk: number
  readonly delete: number
  /** Files in one run of puts, gets and moves. */
  readonly files: number
  readonly resume: number
  /** Of the file whose stream may take only so much memory. */
  readonly memory: number
}

const KIB = 1024
const MIB = 1024 * KIB

export const SIZES: Readonly<Record<'full' | 'quick' | 'tiny', Sizes>> = {
  full: {
    stream: 1024 * MIB,
    list: 10_000,
    walk: 100_000,
    delete: 10_000,
    files: 256,
    resume: 64 * MIB,
    memory: 5 * 1024 * MIB,
  },
  quick: {
    stream: 64 * MIB,
    list: 1000,
    walk: 5000,
    delete: 500,
    files: 64,
    resume: 16 * MIB,
    memory: 256 * MIB,
  },
  tiny: {
    stream: MIB,
    list: 20,
    walk: 40,
    delete: 20,
    files: 4,
    resume: 128 * KIB,
    memory: 4 * MIB,
  },
}

/**
 * What the imitations of two services can do in bearable time: Azurite and fake-gcs-server look at every object for each
 * page of a listing, and the latter keeps everything in memory, several times while it grows.
 */
const MOST: Partial<Record<BackendName, Partial<Sizes>>> = {
  azure: { walk: 10_000, delete: 2000 },
  gcs: { walk: 10_000, delete: 2000, memory: 1024 * MIB },
}

/** The sizes for a backend. */
export function sizesFor(backend: BackendName, sizes: Sizes): Sizes {
  const most = Object.entries(MOST[backend] ?? {}) as [keyof Sizes, number][]
  return { ...sizes, ...Object.fromEntries(most.map(([k, v]) => [k, Math.min(sizes[k], v)])) }
}

/** A row of the table. */
export interface Job {
  readonly id: string
  readonly title: string
  readonly op: Operation
  /** Rows of a goal: `--only` takes them by these words too. */
  readonly section: 'small' | 'parallel' | 'stream' | 'tree' | 'change'
  readonly task: Omit<Task, 'op' | 'path'>
  /** What must be there before each run: files for all subjects together, or for each run anew. */
  readonly needs?: { readonly each: 'job' | 'run'; readonly task: Omit<Task, 'op' | 'path'> }
  /** Ratios of such a job are of bytes and of files a second, or of times; the table shows it so. */
  readonly unit: 'MB/s' | '/s' | 'ms'
  /** Many files are handled in one run: fewer repetitions do. */
  readonly long?: boolean
  /** The content is in the backend and need not be flushed: once is enough where the durability varies. */
  readonly readOnly?: boolean
}

const CONTENTS = [
  ['0 B', 0],
  ['4 KiB', 4 * KIB],
  ['1 MiB', MIB],
] as const

const LANES = 64

/** All jobs, for any backend. */
export function jobs(sizes: Sizes): Job[] {
  return [
    ...small(sizes),
    ...parallel(sizes),
    ...streams(sizes),
    ...trees(sizes),
    ...changes(sizes),
  ]
}

function small({ files }: Sizes): Job[] {
  return CONTENTS.flatMap(([name, size]) => {
    const task = { count: size === MIB ? Math.max(1, files / 4) : files, size }
    const common = { section: 'small', task, unit: '/s' } as const
    const needs = { each: 'job', task } as const
    return [
      { ...common, id: `put-${name}`, title: `put ${name}`, op: 'put' },
      { ...common, id: `get-${name}`, title: `get ${name}`, op: 'get', needs, readOnly: true },
    ]
  })
}

function parallel({ files }: Sizes): Job[] {
  const task = { count: files * 4, size: 4 * KIB, parallel: LANES }
  const common = { section: 'parallel', task, unit: '/s' } as const
  const needs = { each: 'job', task } as const
  return [
    { ...common, id: 'put-parallel', title: `put 4 KiB, ${LANES} at a time`, op: 'put' },
    {
      ...common,
      ...{ id: 'get-parallel', title: `get 4 KiB, ${LANES} at a time`, op: 'get' },
      ...{ needs, readOnly: true },
    },
  ]
}

function streams({ stream, resume }: Sizes): Job[] {
  const task = { count: 1, size: stream }
  const common = { section: 'stream', task, unit: 'MB/s', long: true } as const
  const size = `${stream / MIB} MiB`
  const needs = { each: 'job', task } as const
  return [
    { ...common, id: 'upload', title: `stream ${size} in`, op: 'upload' },
    {
      ...common,
      id: 'download',
      title: `stream ${size} out`,
      op: 'download',
      needs,
      readOnly: true,
    },
    {
      ...common,
      ...{ id: 'resume', title: `${resume / MIB} MiB in two sessions`, op: 'resume' },
      task: { count: 1, size: resume },
    },
  ]
}

function trees({ list, walk }: Sizes): Job[] {
  const flat = { count: list, size: 16, parallel: LANES }
  const deep = { count: walk, size: 16, parallel: LANES, width: 100 }
  const common = { section: 'tree', unit: 'ms', readOnly: true } as const
  return [
    {
      ...common,
      ...{ id: 'list', title: `list ${list.toLocaleString('en')}`, op: 'list' },
      ...{ task: { count: list }, needs: { each: 'job', task: flat } },
    },
    {
      ...common,
      ...{ id: 'walk', title: `walk ${walk.toLocaleString('en')}`, op: 'walk', long: true },
      ...{ task: { count: walk, width: 100 }, needs: { each: 'job', task: deep } },
    },
  ]
}

function changes({ files, delete: removed }: Sizes): Job[] {
  const tree = { count: removed, size: 16, parallel: LANES, width: 1000 }
  const few = { count: files, size: 4 * KIB, parallel: LANES }
  const common = { section: 'change' } as const
  return [
    {
      ...common,
      ...{ id: 'move', title: 'move a file', op: 'move', unit: '/s' },
      ...{ task: { count: files }, needs: { each: 'run', task: few } },
    },
    {
      ...common,
      ...{
        id: 'delete',
        title: `delete ${removed.toLocaleString('en')}`,
        op: 'delete',
        unit: 'ms',
      },
      ...{ task: { count: removed }, needs: { each: 'run', task: tree }, long: true },
    },
  ]
}
