import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileWriter, StorageDriver } from '@stowage/core'
import { copy } from '@stowage/core/transfer'
import { thisProcess } from '../../src/owner.ts'
import { stagedName } from '../../src/staged-name.ts'
import { contentOf } from '../crash-content.ts'

const OLD = contentOf(1)
export const NEW = contentOf(2)
const OTHER = contentOf(3)
const CONTENTS = { OLD, NEW, OTHER }

/** What callers see: the name of each file's content. */
export type Tree = Readonly<Record<string, string>>

/** The name of a content; bytes that are none of them are told as torn. */
export function nameOf(bytes: Buffer): string {
  for (const [name, content] of Object.entries(CONTENTS)) if (content.equals(bytes)) return name
  return `torn content of ${bytes.length} bytes`
}

/** One call, and what is true once it has succeeded. */
export interface Step {
  readonly name: string
  run(storage: StorageDriver, signal?: AbortSignal): Promise<unknown>
  /** Closes the writer, where there is one, so that it keeps no handle. */
  giveUp?(): Promise<unknown>
  /** What callers see; without it, what they saw before. */
  readonly tree?: Tree
  /** Bytes of the upload that can be continued, whatever happens. */
  readonly kept?: number
  /** Bytes of it that can be continued when the process alone is killed. */
  readonly passedOn?: number
  /** While it is under way, the upload may vanish. */
  readonly ends?: boolean
}

export interface Scenario {
  readonly name: string
  prepare(storage: StorageDriver, root: string): Promise<unknown>
  readonly before: Tree
  /** Bytes of an upload that {@link prepare} has left. */
  readonly kept?: number
  steps(): Step[]
  /** What the unfinished upload is a beginning of. */
  readonly session?: { readonly path: string; readonly content: Buffer }
  /** What else callers may see while the last step is under way. */
  during?(tree: Tree): boolean
  /** When the machine stops, that is also true after its success: deletes are not flushed. */
  readonly mayBeUndone?: boolean
  /** Another file system begins at `/mnt`. */
  readonly mounted?: boolean
}

const PLACES: Tree = { '/dir/file': 'OLD', '/dir/other': 'OTHER', '/elsewhere/new': 'NEW' }

async function places(storage: StorageDriver): Promise<void> {
  await put(storage, PLACES)
}

/** An old time: of a file that is a few milliseconds old a copy waits, and looks once more. */
const EARLIER = { modTime: new Date(1_500_000_000_000) }

async function put(storage: StorageDriver, tree: Tree): Promise<void> {
  for (const [path, name] of Object.entries(tree)) {
    await storage.putContent(path, CONTENTS[name as keyof typeof CONTENTS], EARLIER)
  }
}

/** The tree with these changes; undefined removes. */
function changed(tree: Tree, changes: Readonly<Record<string, string | undefined>>): Tree {
  const all = Object.entries({ ...tree, ...changes })
  return Object.fromEntries(
    all.filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** Whether each file is one of these, or missing where `undefined` is among them, and no other is there. */
function mixture(options: Readonly<Record<string, readonly (string | undefined)[]>>) {
  return (tree: Tree): boolean =>
    Object.keys(tree).every((path) => options[path] !== undefined) &&
    Object.entries(options).every(([path, allowed]) => allowed.includes(tree[path]))
}

const single = (name: string, run: Step['run'], tree: Tree): Scenario => ({
  name,
  prepare: places,
  before: PLACES,
  steps: () => [{ name, run, tree }],
})

const puts: Scenario[] = [
  {
    name: 'a put into a root that is not there',
    prepare: async () => {},
    before: {},
    steps: () => [
      {
        name: 'put',
        run: (storage, signal) => storage.putContent('/new/deep/file', NEW, { signal }),
        tree: { '/new/deep/file': 'NEW' },
      },
    ],
  },
  single(
    'a put over a file',
    (storage, signal) => storage.putContent('/dir/file', NEW, { signal }),
    changed(PLACES, { '/dir/file': 'NEW' }),
  ),
  single(
    'a copy over a file',
    (storage, signal) => copy(storage, '/elsewhere/new', storage, '/dir/file', { signal }),
    changed(PLACES, { '/dir/file': 'NEW' }),
  ),
]

const HALF = 32_768
const TAIL = 100

/** Writes, closes, continues and commits, or cancels. Chunks are written as they are but for the last. */
function upload(path: string, end: 'commit' | 'cancel', from: Tree): Step[] {
  let writer: FileWriter | undefined
  const at = (): FileWriter => writer as FileWriter
  const open = (append: boolean) => async (storage: StorageDriver, signal?: AbortSignal) => {
    writer = await storage.writer(path, { append, signal })
  }
  const last: Step =
    end === 'commit'
      ? { name: end, run: () => at().commit(), tree: changed(from, { [path]: 'NEW' }) }
      : { name: end, run: () => at().cancel(), ends: true }
  const little = NEW.subarray(HALF, HALF + TAIL)
  const steps: Step[] = [
    { name: 'writer', run: open(false) },
    { name: 'write', run: () => at().write(NEW.subarray(0, HALF)), passedOn: HALF },
    { name: 'write little', run: () => at().write(little), passedOn: HALF },
    { name: 'close', run: () => at().close(), kept: HALF + TAIL },
    { name: 'append', run: open(true), kept: HALF + TAIL },
    {
      name: 'write the rest',
      run: () => at().write(NEW.subarray(at().size)),
      kept: HALF + TAIL,
      passedOn: NEW.length,
    },
    last,
  ]
  return steps.map((step) => ({ ...step, giveUp: async () => writer?.close() }))
}

/** An upload that another machine had closed once, and then wrote to when it stopped. */
function plant(root: string): void {
  const directory = join(root, '.stowage/uploads/dir/file/.stowage')
  mkdirSync(directory, { recursive: true })
  const name = stagedName({
    started: 1_700_000_000_000_000,
    id: '0123456789abcdef',
    state: 'held',
    durable: HALF,
    owner: { ...thisProcess(), boot: '0123456789ab' },
  })
  // What was not flushed is anything.
  writeFileSync(join(directory, name), Buffer.concat([NEW.subarray(0, HALF), Buffer.alloc(5000)]))
}

const session = { path: '/dir/file', content: NEW }

const writers: Scenario[] = [
  {
    name: 'an upload that is continued over a file',
    prepare: places,
    before: PLACES,
    session,
    steps: () => upload('/dir/file', 'commit', PLACES),
  },
  {
    name: 'an upload that is continued in a root that is not there',
    prepare: async () => {},
    before: {},
    session: { path: '/new/deep/file', content: NEW },
    steps: () => upload('/new/deep/file', 'commit', {}),
  },
  {
    name: 'an upload that is cancelled',
    prepare: places,
    before: PLACES,
    session,
    steps: () => upload('/dir/file', 'cancel', PLACES),
  },
  {
    name: 'an upload that a machine left when it stopped',
    prepare: async (storage, root) => {
      await places(storage)
      plant(root)
    },
    before: PLACES,
    kept: HALF,
    session,
    // What was not flushed is gone: it continues where the other one had closed it.
    steps: () =>
      upload('/dir/file', 'commit', PLACES)
        .slice(4)
        .map((step) => (step.kept ? { ...step, kept: HALF } : step)),
  },
]

const moved = changed(PLACES, { '/dir/file': 'NEW', '/elsewhere/new': undefined })

const TREES: Tree = {
  '/from/a': 'NEW',
  '/from/sub/b': 'NEW',
  '/from/sub/c': 'NEW',
  '/to/a': 'OLD',
  '/to/obsolete': 'OLD',
  '/to/sub/b': 'OLD',
  '/to/sub2/old': 'OLD',
}
const MERGED: Tree = { '/to/a': 'NEW', '/to/sub/b': 'NEW', '/to/sub/c': 'NEW' }

function arrived(tree: Tree): boolean {
  const everywhere = ['/a', '/sub/b', '/sub/c'].every(
    (name) => tree[`/from${name}`] === 'NEW' || tree[`/to${name}`] === 'NEW',
  )
  const all = Object.keys(MERGED).every((path) => tree[path] === 'NEW')
  const old = ['/to/obsolete', '/to/sub2/old'].every((path) => tree[path] === 'OLD')
  return everywhere && (all || old)
}

const mergedMixture = mixture({
  '/from/a': ['NEW', undefined],
  '/from/sub/b': ['NEW', undefined],
  '/from/sub/c': ['NEW', undefined],
  '/to/a': ['OLD', 'NEW'],
  '/to/sub/b': ['OLD', 'NEW'],
  '/to/sub/c': [undefined, 'NEW'],
  '/to/obsolete': ['OLD', undefined],
  '/to/sub2/old': ['OLD', undefined],
})

const moves: Scenario[] = [
  single(
    'a move over a file',
    (storage, signal) => storage.move('/elsewhere/new', '/dir/file', { signal }),
    moved,
  ),
  {
    name: 'a move of a link over a file',
    prepare: async (storage, root) => {
      await put(storage, { ...PLACES, '/links/other': 'OTHER' })
      symlinkSync('../elsewhere/new', join(root, 'links/link'))
    },
    before: { ...PLACES, '/links/link': 'NEW', '/links/other': 'OTHER' },
    steps: () => [
      {
        name: 'move',
        run: (storage, signal) => storage.move('/links/link', '/dir/file', { signal }),
        tree: { ...PLACES, '/dir/file': 'NEW', '/links/other': 'OTHER' },
      },
    ],
    during: mixture({
      '/dir/file': ['NEW'],
      '/dir/other': ['OTHER'],
      '/elsewhere/new': ['NEW'],
      '/links/link': ['NEW'],
      '/links/other': ['OTHER'],
    }),
  },
  {
    name: 'a move of a directory to where nothing is',
    prepare: (storage) => put(storage, { '/from/a': 'NEW', '/from/sub/b': 'OLD', '/x': 'OTHER' }),
    before: { '/from/a': 'NEW', '/from/sub/b': 'OLD', '/x': 'OTHER' },
    steps: () => [
      {
        name: 'move',
        run: (storage, signal) => storage.move('/from', '/new/to', { signal }),
        tree: { '/new/to/a': 'NEW', '/new/to/sub/b': 'OLD', '/x': 'OTHER' },
      },
    ],
  },
  {
    name: 'a move of a directory onto another',
    prepare: (storage) => put(storage, TREES),
    before: TREES,
    steps: () => [
      {
        name: 'move',
        run: (storage, signal) => storage.move('/from', '/to', { signal }),
        tree: MERGED,
      },
    ],
    during: (tree) => mergedMixture(tree) && arrived(tree),
  },
]

const MOUNTED: Tree = { '/here/file': 'NEW', '/here/stays': 'OTHER', '/mnt/there/file': 'OLD' }

const mounts: Scenario[] = [
  {
    name: 'a put on another file system',
    prepare: (storage) => put(storage, MOUNTED),
    before: MOUNTED,
    mounted: true,
    steps: () => [
      {
        name: 'put',
        run: (storage, signal) => storage.putContent('/mnt/there/file', NEW, { signal }),
        tree: changed(MOUNTED, { '/mnt/there/file': 'NEW' }),
      },
    ],
  },
  {
    name: 'an upload that is continued on another file system',
    prepare: (storage) => put(storage, MOUNTED),
    before: MOUNTED,
    mounted: true,
    session: { path: '/mnt/there/file', content: NEW },
    steps: () => upload('/mnt/there/file', 'commit', MOUNTED),
  },
  {
    name: 'a move to another file system',
    prepare: (storage) => put(storage, MOUNTED),
    before: MOUNTED,
    mounted: true,
    steps: () => [
      {
        name: 'move',
        run: (storage, signal) => storage.move('/here/file', '/mnt/there/file', { signal }),
        tree: changed(MOUNTED, { '/mnt/there/file': 'NEW', '/here/file': undefined }),
      },
    ],
    // It is removed here once it is whole there.
    during: (tree) =>
      mixture({
        '/here/file': ['NEW'],
        '/here/stays': ['OTHER'],
        '/mnt/there/file': ['NEW'],
      })(tree),
  },
]

const removals: Scenario[] = [
  {
    ...single(
      'a delete of a directory',
      (storage, signal) => storage.delete('/dir', { signal }),
      changed(PLACES, { '/dir/file': undefined, '/dir/other': undefined }),
    ),
    during: mixture({
      '/dir/file': ['OLD', undefined],
      '/dir/other': ['OTHER', undefined],
      '/elsewhere/new': ['NEW'],
    }),
    mayBeUndone: true,
  },
  {
    name: 'a purge of uploads',
    prepare: async (storage, root) => {
      await places(storage)
      for (const path of ['/dir/file', '/new/file']) {
        const writer = await storage.writer(path)
        await writer.write(NEW.subarray(0, 10))
        await writer.close()
      }
      plant(root)
    },
    before: PLACES,
    steps: () => [
      {
        name: 'purge',
        run: (storage, signal) =>
          storage.purgeUploads('/', { olderThan: new Date(Date.now() + 60_000), signal }),
      },
    ],
    session,
  },
]

/** Every operation that changes something, in the situations in which it takes other calls. */
export const SCENARIOS: readonly Scenario[] = [
  ...puts,
  ...writers,
  ...moves,
  ...mounts,
  ...removals,
]

/** The scenario of that name. */
export function scenario(name: string): Scenario {
  const found = SCENARIOS.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no scenario is named ${name}`)
  return found
}
