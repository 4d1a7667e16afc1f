import assert from 'node:assert/strict'
import { type FileInfo, isBeneath } from '@stowage/core'
import { byteOrder, type CaseContext, paths as items, keyOf } from '../context.ts'
import type { BehindTheDriver, HostileSettings } from './options.ts'
import { isContractPath } from './paths.ts'
import { quoted } from './show.ts'

/** What the driver has stored itself. */
const FILES = ['/dir/file', '/dir/sub/file', '/dir-2/file', '/a/file', '/plain']
/** Keys as other tools leave them, beneath the root. */
const FOREIGN = [
  ...['dir/', 'dir/sub/', 'marker/', 'marker/in/marker/', 'a/file/', 'plain/'],
  ...['dir//x', 'a//b', '/x', '//x', 'a/b//', 'a///'],
  ...['a/../b', '../x', '..', '.', './x', 'a/.', 'a/..', 'dir/./other', 'dir/../other'],
  ...['a/new\nline', 'a/nul\u0001', 'a/del\u007f', 'a/c1\u0085', '\u0007/bell', 'a/\t/x'],
  ...['.stowage', '.stowage/', '.stowage/x', '.stowage/uploads/x', '.stowage/uploads/dir/file'],
  ...['.stowage/uploads/dir/file/x', '.stowage/uploads/a/0123456789abcdef0123456789'],
  ...['_uploads', 'a/\ufffe', 'a/\uffff', 'a/\\x', 'a/x.', 'a/x ', 'a/%2e%2e/x'],
]
/** Keys beside the root: of them nothing may be seen, and nothing may happen to them. */
const BESIDE = ['x', '-2/x', '/../x', '.stowage/x']

/** Plants keys behind the driver, and looks at it from all sides. */
export async function foreignKeys(t: CaseContext, { behind }: HostileSettings): Promise<void> {
  assert.ok(behind?.put, 'a way to plant keys')
  await t.putAll(FILES)
  const root = behind.root(t.storage)
  const planted = await plant(behind, root)
  assert.ok(planted.length > 0, 'the backend takes some of the keys')
  const isForeign = (path: string): boolean =>
    behind.listsForeign === true &&
    planted.some((key) => key.startsWith(`${root}${path.slice(1)}/`))
  await looksSane(t, FILES, isForeign)
  await goesOn(t, isForeign)
  await removesOnlyItsOwn(t, behind, isForeign)
}

/** Stores them as another tool does; gives those that the backend takes. */
async function plant(behind: BehindTheDriver, root: string): Promise<string[]> {
  const content = Buffer.from('foreign')
  const planted: string[] = []
  const beside = BESIDE.map((rest) => root.replace(/\/$/, '') + rest)
  for (const key of [...FOREIGN.map((one) => root + one), ...beside]) {
    const empty = key.endsWith('/') && !key.endsWith('marker/')
    const refused = await behind.put?.(key, empty ? Buffer.alloc(0) : content).then(
      () => false,
      () => true,
    )
    if (!refused) planted.push(key)
  }
  return planted
}

/** Whether a list may show the directory because of what other tools have left in it. */
type IsForeign = (path: string) => boolean

/** What is seen are valid paths, in order, the same by walk and list; each file can be read. */
async function looksSane(
  t: CaseContext,
  files: readonly string[],
  isForeign: IsForeign,
): Promise<void> {
  const walked: FileInfo[] = await items(t.driver.walk('/'))
  const keys = walked.map(keyOf)
  for (const { path } of walked) {
    assert.ok(isContractPath(path), `a walk names ${quoted(path)}, which is no path`)
    assert.ok(path !== '/.stowage' && !path.startsWith('/.stowage/'), `internal: ${quoted(path)}`)
  }
  assert.deepEqual(keys, [...new Set(keys)].sort(byteOrder), 'the order of a walk')
  for (const path of files) assert.ok(keys.includes(path), `a walk does not name ${path}`)
  for (const path of files) await t.holds(path, t.data(path))
  for (const { path, isDir, size } of walked) {
    const info = await t.driver.stat(path)
    assert.equal(info.isDir, isDir, `stat and walk of ${quoted(path)}`)
    if (!isDir) assert.equal((await t.driver.getContent(path)).length, size, quoted(path))
  }
  const directories = ['/', ...walked.filter(({ isDir }) => isDir).map(({ path }) => path)]
  for (const directory of directories) {
    const expected = walked.map(({ path }) => path).filter((path) => parent(path) === directory)
    const listed = await items(t.driver.list(directory))
    const known = listed.filter((path) => expected.includes(path) || !isForeign(path))
    assert.deepEqual(known, [...new Set(expected)], `a list of ${quoted(directory)}`)
    for (const path of listed) assert.ok(isContractPath(path), `a list names ${quoted(path)}`)
  }
  const internals = ['/.stowage', '/.stowage/x', '/.stowage/uploads/x']
  for (const path of internals) {
    await t.rejects(t.driver.stat(path), ['INVALID_PATH', 'PATH_NOT_FOUND'])
    await t.rejects(t.driver.getContent(path), ['INVALID_PATH', 'PATH_NOT_FOUND'])
  }
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Uploads, resumed walks and moves work among them. */
async function goesOn(t: CaseContext, isForeign: IsForeign): Promise<void> {
  const keys = await t.walked('/')
  for (const [index, startAfter] of keys.entries()) {
    assert.deepEqual(await t.walked('/', { startAfter }), keys.slice(index + 1), startAfter)
  }
  for (const path of ['/dir/file', '/a/new', '/marker/file']) {
    await t.commit(path, t.data(path))
    await t.holds(path, t.data(path))
  }
  await t.driver.delete('/marker')
  await t.driver.move('/a', '/moved')
  await t.holds('/moved/file', t.data('/a/file'))
  await t.rejects(t.driver.stat('/a/file'), 'PATH_NOT_FOUND')
  await t.driver.move('/moved', '/a')
  await t.driver.delete('/a/new')
  await looksSane(t, FILES, isForeign)
}

/** A delete takes what is beneath its path, keys of others too, and nothing else. */
async function removesOnlyItsOwn(
  t: CaseContext,
  behind: BehindTheDriver,
  isForeign: IsForeign,
): Promise<void> {
  const root = behind.root(t.storage)
  const before = await behind.keys()
  await t.driver.delete('/dir')
  const after = await behind.keys()
  for (const key of before) {
    const gone = !after.includes(key)
    const staged = key.startsWith(`${root}.stowage`)
    const mine = key === `${root}dir` || key.startsWith(`${root}dir/`)
    if (!staged && !mine) assert.ok(!gone, `deleting /dir has removed ${quoted(key)}`)
  }
  const left = FILES.filter((path) => !isBeneath(path, '/dir'))
  await looksSane(t, left, isForeign)
  for (const path of await items(t.driver.list('/'))) await t.driver.delete(path)
  assert.deepEqual(await t.walked('/'), [], 'nothing is left')
  const lost = before.filter((key) => !key.startsWith(root))
  const end = await behind.keys()
  for (const key of lost) assert.ok(end.includes(key), `a delete has removed ${quoted(key)}`)
}
