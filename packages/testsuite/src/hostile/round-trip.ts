import assert from 'node:assert/strict'
import type { StorageDriver, StorageErrorCode } from '@stowage/core'
import { anyAge, byteOrder, type CaseContext, paths as items } from '../context.ts'
import type { Data } from '../data.ts'
import { assertStorageError } from '../expect-error.ts'
import { ancestors, meets } from './batches.ts'
import { type HostilePath, isContractPath, twinsOf } from './paths.ts'
import { quoted } from './show.ts'

/** Calls at a time. */
const AT_ONCE = 8
/** Directories of a batch that are listed, and paths that a move or a session is tried with. */
const SOME = 12

/** A name that the backend has taken, with what it holds. */
interface Kept extends HostilePath {
  readonly data: Data
}

/** Stores a batch and looks at it from all sides; then removes it again. Gives how many were kept. */
export async function roundTrip(
  t: CaseContext,
  batch: readonly HostilePath[],
  neighbours: readonly string[],
): Promise<number> {
  const kept: Kept[] = []
  const refused: HostilePath[] = []
  await each(batch, async (one) => {
    const data = t.data(one.path)
    if (await isTaken(t, one, data)) kept.push({ ...one, data })
    else refused.push(one)
  })
  const other = await t.reopen()
  const files = [...kept.map(({ path }) => path), ...neighbours]
  await sameTree(other, files)
  await each(kept, (one) => named(one, holds(other, one)))
  await each(refused, (one) => isNothing(t, other, one))
  await noTwins(t, other, kept, refused)
  await listsExactly(other, files)
  await each(spread(kept, SOME), (one) => named(one, moves(t, one)))
  if (t.capabilities.append) {
    await each(spread(kept, SOME), (one) => named(one, resumes(t, other, one)))
  }
  await removes(t, other, kept, neighbours)
  return kept.length
}

async function each<T>(all: readonly T[], run: (one: T) => Promise<unknown>): Promise<void> {
  const queue = all.values()
  const worker = async (): Promise<void> => {
    for (const one of queue) await run(one)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

function spread<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(all.length / count))
  return all.filter((_, index) => index % step === 0).slice(0, count)
}

/** Says of an error which path it is about. */
async function named({ what, path }: HostilePath, promise: Promise<void>): Promise<void> {
  try {
    await promise
  } catch (error) {
    assert.fail(`${quoted(path)} (${what}): ${(error as Error).message}`)
  }
}

/** Whether the name was taken. Refused, it is refused by a writer as well. */
async function isTaken(t: CaseContext, one: HostilePath, data: Data): Promise<boolean> {
  const error = await errorOf(t.driver.putContent(one.path, data.bytes()))
  if (error === undefined) return true
  told(t, one, error, ['INVALID_PATH'])
  told(t, one, await errorOf(writeSome(t.driver, one.path)), ['INVALID_PATH'])
  return false
}

async function writeSome(driver: StorageDriver, path: string): Promise<void> {
  const writer = await driver.writer(path)
  try {
    await writer.write(Buffer.from('x'))
    await writer.commit()
  } finally {
    await writer.close()
  }
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

function told(
  t: CaseContext,
  { what, path }: HostilePath,
  error: unknown,
  codes: readonly StorageErrorCode[],
): void {
  try {
    assertStorageError(error, codes, { driver: t.driver, path })
  } catch (wrong) {
    assert.fail(`${quoted(path)} (${what}): ${(wrong as Error).message}`)
  }
}

/** A walk names exactly these files and the directories above them, in order. */
async function sameTree(driver: StorageDriver, files: readonly string[]): Promise<void> {
  const expected = new Set(files.flatMap((path) => [path, ...ancestors(path).map((d) => `${d}/`)]))
  const sorted = [...expected].sort(byteOrder)
  const found = (await items(driver.walk('/'))).map(({ path, isDir }) =>
    isDir ? `${path}/` : path,
  )
  differ('a walk', found, sorted)
}

function differ(what: string, found: readonly string[], expected: readonly string[]): void {
  const extra = found.find((key) => !expected.includes(key))
  assert.ok(extra === undefined, `${what} names ${quoted(extra ?? '')}, which nobody has stored`)
  const lost = expected.find((key) => !found.includes(key))
  assert.ok(lost === undefined, `${what} does not name ${quoted(lost ?? '')}`)
  assert.deepEqual(found, expected, `${what} has another order`)
}

async function holds(driver: StorageDriver, { path, data }: Kept): Promise<void> {
  const { size, isDir, path: told } = await driver.stat(path)
  assert.deepEqual({ path: told, size, isDir }, { path, size: data.size, isDir: false })
  if (data.bytes(0, 1).readUInt8() % 2 === 0) data.check(await driver.getContent(path))
  else await data.verify(await driver.reader(path))
}

/** What was refused is not there, whichever way one asks; its name decides which way. */
async function isNothing(t: CaseContext, driver: StorageDriver, one: HostilePath): Promise<void> {
  const { path } = one
  const calls = [
    () => driver.stat(path),
    () => driver.getContent(path),
    () => driver.reader(path),
    () => items(driver.list(path)),
    () => items(driver.walk(path)),
    () => driver.move(path, '/elsewhere'),
    () => driver.delete(path),
  ]
  const call = calls[t.data(path).bytes(0, 1).readUInt8() % calls.length]
  told(t, one, await errorOf(call?.() ?? Promise.resolve()), ['PATH_NOT_FOUND', 'INVALID_PATH'])
}

/** Nothing is at another spelling of a name. */
async function noTwins(
  t: CaseContext,
  driver: StorageDriver,
  kept: readonly Kept[],
  refused: readonly HostilePath[],
): Promise<void> {
  const { unicodePaths, caseSensitive, normalizationSensitive } = t.capabilities
  if (!unicodePaths || !caseSensitive || !normalizationSensitive) return
  const taken = new Set([...kept, ...refused].map(({ path }) => path))
  const twins = kept.flatMap(({ what, path }) => {
    const one = twinsOf(path).filter((twin) => !meets(twin, taken))
    const at = t.data(path).bytes(0, 1).readUInt8() % Math.max(1, one.length)
    return one
      .slice(at, at + 1)
      .map((twin) => ({ what: `${what}, as ${quoted(path)}`, path: twin }))
  })
  await each(twins, async (twin) => {
    told(t, twin, await errorOf(driver.stat(twin.path)), ['PATH_NOT_FOUND', 'INVALID_PATH'])
  })
}

/** Lists name the children, as full paths, once and in order. */
async function listsExactly(driver: StorageDriver, files: readonly string[]): Promise<void> {
  const children = new Map<string, Set<string>>()
  for (const path of files) {
    const above = ['/', ...ancestors(path)]
    for (const [index, directory] of above.entries()) {
      const child = above[index + 1]
      const names = children.get(directory) ?? new Set()
      names.add(child === undefined ? path : `${child}/`)
      children.set(directory, names)
    }
  }
  const [root, ...others] = [...children]
  const some = [...(root === undefined ? [] : [root]), ...spread(others, SOME)]
  await each(some, async ([directory, keys]) => {
    const sorted = [...keys].sort(byteOrder).map((key) => key.replace(/\/$/, ''))
    differ(`a list of ${quoted(directory)}`, await items(driver.list(directory)), sorted)
  })
}

/** It goes to a plain name and comes back. */
async function moves(t: CaseContext, one: Kept): Promise<void> {
  const plain = `/moved/${t.data(one.path).bytes(0, 8).toString('hex')}`
  await t.driver.move(one.path, plain)
  await holds(t.driver, { ...one, path: plain })
  told(t, one, await errorOf(t.driver.stat(one.path)), ['PATH_NOT_FOUND'])
  await t.driver.move(plain, one.path)
  await holds(t.driver, one)
}

/** An unfinished upload is found under that very name and goes on. */
async function resumes(t: CaseContext, other: StorageDriver, one: Kept): Promise<void> {
  const { path, data } = one
  const half = Math.floor(data.size / 2)
  const writer = await t.driver.writer(path)
  await writer.write(data.bytes(0, half))
  await writer.close()
  if (t.capabilities.purgeUploads) {
    const found = await other.purgeUploads(path, { dryRun: true, olderThan: anyAge() })
    assert.deepEqual(
      found.map((upload) => upload.path),
      [path],
      `the unfinished upload of ${quoted(path)}`,
    )
  }
  const again = await other.writer(path, { append: true })
  assert.equal(again.size, half, `bytes of the unfinished upload of ${quoted(path)}`)
  await again.write(data.bytes(half))
  await again.commit()
  await holds(t.driver, one)
}

/** Deletes half of them one by one, and the others by the directories they are in. */
async function removes(
  t: CaseContext,
  other: StorageDriver,
  kept: readonly Kept[],
  neighbours: readonly string[],
): Promise<void> {
  const first = kept.filter((_, index) => index % 2 === 0)
  const rest = kept.filter((_, index) => index % 2 === 1).map(({ path }) => path)
  await each(first, (one) => named(one, t.driver.delete(one.path)))
  await sameTree(other, [...rest, ...neighbours])
  const tops = new Set(rest.map((path) => `/${path.split('/')[1]}`))
  const mine = [...tops].filter((top) => !meets(top, neighbours))
  await each(mine, (top) => t.driver.delete(top))
  await each(
    rest.filter((path) => !meets(path, mine)),
    (path) => t.driver.delete(path),
  )
  await sameTree(other, neighbours)
}

/** Whether the path may be stored beside the neighbours. */
export function isApart(path: string, neighbours: readonly string[]): boolean {
  return isContractPath(path) && !meets(path, neighbours) && !path.startsWith('/moved')
}
