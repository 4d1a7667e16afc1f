import assert from 'node:assert/strict'
import type { FileInfo } from '@stowage/core'
import { keyOf, paths } from '../context.ts'
import { BODY, type Operation, SMALL } from './operation.ts'
import type { Tree } from './tree.ts'
import { uploads } from './writer-operations.ts'

/** Neighbours that nothing may happen to. */
const BYSTANDERS = { '/file.txt': SMALL, '/dir-2/x': SMALL }
const TREE = { '/dir/1': SMALL, '/dir/sub/2': SMALL, '/dir/sub/3': SMALL }
const OFFSET = 777

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function same(actual: unknown, expected: Buffer): void {
  assert.ok(actual instanceof Uint8Array, 'bytes are a Uint8Array')
  assert.equal(actual.length, expected.length, 'number of bytes')
  assert.equal(Buffer.compare(actual, expected), 0, 'the bytes are not those that were stored')
}

const reads: readonly Operation[] = [
  {
    id: 'getContent',
    title: 'getContent gives the whole content or an error',
    files: { '/file': BODY },
    kills: false,
    act: ({ driver, signal }) => driver.getContent('/file', { signal }),
    check: ({ contents }, value) => same(value, contents.get('/file', BODY)),
  },
  {
    id: 'reader',
    title: 'a stream gives every byte asked for or an error',
    files: { '/file': BODY },
    kills: false,
    act: async ({ driver, signal }) =>
      bytesOf(await driver.reader('/file', { offset: OFFSET, length: BODY - 2 * OFFSET, signal })),
    check: ({ contents }, value) =>
      same(value, contents.get('/file', BODY).subarray(OFFSET, BODY - OFFSET)),
  },
  {
    id: 'stat',
    title: 'stat of a file tells its size or an error',
    files: { '/file': SMALL },
    kills: false,
    act: ({ driver, signal }) => driver.stat('/file', { signal }),
    check: (_, value) => {
      const { path, size, isDir } = value as FileInfo
      assert.deepEqual({ path, size, isDir }, { path: '/file', size: SMALL, isDir: false })
    },
  },
  {
    id: 'stat-directory',
    title: 'stat of a directory tells that it is one, or an error',
    files: TREE,
    kills: false,
    act: ({ driver, signal }) => driver.stat('/dir', { signal }),
    check: (_, value) => assert.equal((value as FileInfo).isDir, true),
  },
  {
    id: 'list',
    title: 'list gives every child once, or an error',
    files: { ...TREE, ...BYSTANDERS },
    kills: false,
    act: ({ driver, signal }) => paths(driver.list('/dir', { signal })),
    check: (_, value) => assert.deepEqual(value, ['/dir/1', '/dir/sub']),
  },
  {
    id: 'walk',
    title: 'walk gives every entry once and in order, or an error',
    files: { ...TREE, ...BYSTANDERS },
    kills: false,
    act: async ({ driver, signal }) => (await paths(driver.walk('/', { signal }))).map(keyOf),
    check: (_, value) =>
      assert.deepEqual(value, [
        ...['/dir-2/', '/dir-2/x', '/dir/', '/dir/1', '/dir/sub/', '/dir/sub/2', '/dir/sub/3'],
        '/file.txt',
      ]),
  },
  {
    id: 'redirectURL',
    title: 'redirectURL gives a URL or an error',
    needs: 'redirectURL',
    files: { '/file': SMALL },
    kills: false,
    act: ({ driver, signal }) => driver.redirectURL('/file', { signal }),
    check: (_, value) => assert.match(String(value), /^https?:\/\//),
  },
]

/** What a move has brought about so far, file by file. */
function moved(tree: Tree, names: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(names)
  const here = ([from]: readonly [string, string]): boolean => tree[from] === from
  const there = ([from, to]: readonly [string, string]): boolean => tree[to] === from
  // A source goes only once the destination is whole.
  return entries.every(here) || entries.every(there)
}

/** Each file with its own content. */
const before = (files: object): Tree =>
  Object.fromEntries(Object.keys(files).map((path) => [path, path]))

const OLD_AND_BYSTANDERS = { '/file': BODY, ...BYSTANDERS }
const DIRECTORY_MOVE = { '/dir/1': '/to/1', '/dir/sub/2': '/to/sub/2', '/dir/sub/3': '/to/sub/3' }
const MOVE_FILES = { ...TREE, '/to/1': SMALL, '/to/old': SMALL, ...BYSTANDERS }

const changes: readonly Operation[] = [
  {
    id: 'putContent',
    title: 'putContent replaces the file whole, or not at all',
    files: OLD_AND_BYSTANDERS,
    act: ({ driver, contents, signal }) =>
      driver.putContent('/file', contents.get('new', BODY), { signal }),
    after: { ...before(OLD_AND_BYSTANDERS), '/file': 'new' },
  },
  {
    id: 'move',
    title: 'move replaces the destination, and the source goes only once that is whole',
    files: { '/to': SMALL, ...OLD_AND_BYSTANDERS },
    act: ({ driver, signal }) => driver.move('/file', '/to', { signal }),
    after: { ...before(BYSTANDERS), '/to': '/file' },
    partial: (tree) =>
      tree['/file'] === '/file' && (tree['/to'] === '/to' || tree['/to'] === '/file'),
  },
  {
    id: 'move-directory',
    title: 'move of a directory loses none of its files',
    files: MOVE_FILES,
    act: ({ driver, signal }) => driver.move('/dir', '/to', { signal }),
    after: {
      ...before(BYSTANDERS),
      ...Object.fromEntries(Object.entries(DIRECTORY_MOVE).map(([from, to]) => [to, from])),
    },
    partial: (tree) => moved(tree, DIRECTORY_MOVE) && hasBystanders(tree),
  },
  {
    id: 'delete',
    title: 'delete removes the file and nothing else',
    files: OLD_AND_BYSTANDERS,
    act: ({ driver, signal }) => driver.delete('/file', { signal }),
    after: before(BYSTANDERS),
    // Its uploads may be what could not be removed.
    partial: hasBystanders,
  },
  {
    id: 'delete-directory',
    title:
      'delete of a directory removes what is beneath it, unfinished uploads too, and nothing else',
    files: { ...TREE, ...BYSTANDERS },
    sessions: ['/dir/up'],
    act: ({ driver, signal }) => driver.delete('/dir', { signal }),
    after: before(BYSTANDERS),
    partial: hasBystanders,
    finish: async ({ outcome, uploads }) => {
      if (outcome.status === 'done') assert.deepEqual(await uploads(), [], 'uploads are left')
      return undefined
    },
  },
]

function hasBystanders(tree: Tree): boolean {
  return Object.keys(BYSTANDERS).every((path) => tree[path] === path)
}

/** Every operation of the interface. */
export const operations: readonly Operation[] = [...reads, ...changes, ...uploads]
