import assert from 'node:assert/strict'
import type { StorageDriver } from '@stowage/core'
import type { CaseContext } from '../context.ts'
import { paths as items } from '../context.ts'
import { assertStorageError } from '../expect-error.ts'
import type { HostilePath } from './paths.ts'
import { quoted } from './show.ts'

type Call = (driver: StorageDriver, path: string) => Promise<unknown>

/** Every call that takes a path. */
const CALLS: Readonly<Record<string, Call>> = {
  stat: (driver, path) => driver.stat(path),
  getContent: (driver, path) => driver.getContent(path),
  putContent: (driver, path) => driver.putContent(path, 'x'),
  reader: (driver, path) => driver.reader(path),
  writer: (driver, path) => driver.writer(path),
  list: (driver, path) => items(driver.list(path)),
  walk: (driver, path) => items(driver.walk(path)),
  'move from': (driver, path) => driver.move(path, '/elsewhere'),
  'move to': (driver, path) => driver.move('/neighbour', path),
  delete: (driver, path) => driver.delete(path),
  redirectURL: (driver, path) => driver.redirectURL(path),
  bucketKey: async (driver, path) => {
    // Where a backend has no keys there is nothing to refuse.
    if (driver.bucketKey === undefined) return driver.stat(path)
    return driver.bucketKey(path)
  },
  locate: (driver, path) => (driver.locate === undefined ? driver.stat(path) : driver.locate(path)),
}
const WITH_UPLOADS: typeof CALLS = {
  purgeUploads: (driver, path) => driver.purgeUploads(path),
}
const WITH_APPEND: typeof CALLS = {
  'writer with append': (driver, path) => driver.writer(path, { append: true }),
}

/**
 * Hands what is no path to the calls, each to `perPath` of them in turn; all of them refuse it with a
 * whole InvalidPathError that names it.
 */
export async function refuseAll(
  t: CaseContext,
  hostile: readonly HostilePath[],
  perPath: number,
): Promise<void> {
  const { append, purgeUploads } = t.capabilities
  const calls = Object.entries({
    ...CALLS,
    ...(append ? WITH_APPEND : {}),
    ...(purgeUploads ? WITH_UPLOADS : {}),
  })
  let turn = 0
  for (const { what, path } of hostile) {
    for (let i = 0; i < Math.min(perPath, calls.length); i++) {
      const [name, call] = calls[turn++ % calls.length] as [string, Call]
      const outcome = await call(t.driver, path).then(
        () => 'nothing',
        (error: unknown) => error,
      )
      if (outcome === 'nothing') assert.fail(`${name} accepts ${quoted(path)} (${what})`)
      try {
        assertStorageError(outcome, ['INVALID_PATH'], { driver: t.driver, path })
      } catch (error) {
        assert.fail(`${name} of ${quoted(path)} (${what}): ${(error as Error).message}`)
      }
    }
  }
}
