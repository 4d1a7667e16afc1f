import assert from 'node:assert/strict'
import type { StorageDriver } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { byteOrder, type CaseContext, paths as items } from '../context.ts'

/** The valid and the invalid paths of the Go registry's suite. */
const ORIGINAL_VALID = [
  '/a',
  '/2',
  '/aa',
  '/a.a',
  '/0-9/abcdefg',
  '/abcdefg/z.75',
  '/abc/1.2.3.4.5-6_zyx/123.z/4',
  '/docker/docker-registry',
  '/123.abc',
  '/abc./abc',
  '/.abc',
  '/a--b',
  '/a-.b',
  '/_.abc',
  '/Docker/docker-registry',
  '/Abc/Cba',
]
const ORIGINAL_INVALID = ['', '/', 'abc', '123.abc', '//bcd', '/abc_123/']

const MALFORMED = ['/a//b', '/a/', '//', '/.', '/..', '/../a', '/a/..', '/a/../b', '/./a', '/a/.']
const CONTROLS = [0x00, 0x01, 0x09, 0x0a, 0x0d, 0x1f, 0x7f, 0x80, 0x9f].map(
  (code) => `/a${String.fromCharCode(code)}b`,
)
const UNPAIRED = ['/a\ud800', '/\udc00a', '/a\udc00\ud800b']

/** Every call that takes a path of a file. */
const CALLS: Readonly<Record<string, (driver: StorageDriver, path: string) => Promise<unknown>>> = {
  getContent: (driver, path) => driver.getContent(path),
  putContent: (driver, path) => driver.putContent(path, 'x'),
  reader: (driver, path) => driver.reader(path),
  writer: (driver, path) => driver.writer(path),
  'move from': (driver, path) => driver.move(path, '/elsewhere'),
  'move to': (driver, path) => driver.move('/file', path),
  delete: (driver, path) => driver.delete(path),
  redirectURL: (driver, path) => driver.redirectURL(path),
}

/** Every call that takes `/` as well. */
const DIRECTORY_CALLS: typeof CALLS = {
  stat: (driver, path) => driver.stat(path),
  list: (driver, path) => items(driver.list(path)),
  walk: (driver, path) => items(driver.walk(path)),
}

async function refuses(t: CaseContext, calls: typeof CALLS, invalid: readonly string[]) {
  const file = await t.put('/file')
  for (const path of invalid) {
    for (const call of Object.values(calls)) {
      await t.rejects(call(t.driver, path), 'INVALID_PATH', { path })
    }
  }
  assert.deepEqual(await t.walked('/'), ['/file'], 'nothing has changed')
  await t.holds('/file', file)
}

/** The backend keeps this very name, or it says InvalidPathError and nothing has changed. */
async function keptOrRefused(t: CaseContext, path: string): Promise<void> {
  const data = t.data(path)
  const error = await t.driver.putContent(path, data.bytes()).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error === undefined) {
    await t.holds(path, data)
    assert.ok((await t.walked('/')).includes(path), `a walk names ${path}`)
    await t.driver.delete(path)
  } else await t.rejects(Promise.reject(error), 'INVALID_PATH', { path })
  assert.deepEqual(await t.walked('/'), [], 'nothing is left')
}

/** A path of so many bytes with components of at most 200. */
function longPath(bytes: number): string {
  const path = `/${'a'.repeat(199)}`.repeat(Math.ceil(bytes / 200)).slice(0, bytes)
  return path.endsWith('/') ? `${path.slice(0, -1)}b` : path
}

export const paths: readonly Case[] = area('paths', [
  {
    id: 'valid-original',
    title: 'every path that the original takes for valid can be stored',
    original: ['T2'],
    run: async (t) => {
      // One at a time: some of them would be a file and a directory at once on a disk without case.
      for (const path of ORIGINAL_VALID) {
        // There are backends that drop a final dot: those have to refuse it.
        if (path.includes('./')) await keptOrRefused(t, path)
        else {
          await t.holds(path, await t.put(path))
          await t.driver.delete(path)
        }
      }
    },
  },
  {
    id: 'invalid-original',
    title: 'every path that the original takes for invalid is InvalidPathError',
    original: ['T3'],
    run: (t) => refuses(t, CALLS, ORIGINAL_INVALID),
  },
  {
    id: 'malformed',
    title: 'empty, dot and dot-dot components are InvalidPathError in every call',
    run: (t) => refuses(t, { ...CALLS, ...DIRECTORY_CALLS }, [...MALFORMED, '', 'abc', '*']),
  },
  {
    id: 'control-characters',
    title: 'control characters are InvalidPathError in every call',
    run: (t) => refuses(t, { ...CALLS, ...DIRECTORY_CALLS }, [...CONTROLS, '/a\n', '/\0']),
  },
  {
    id: 'unpaired-surrogates',
    title: 'text that is no well-formed Unicode is InvalidPathError in every call',
    run: (t) => refuses(t, { ...CALLS, ...DIRECTORY_CALLS }, UNPAIRED),
  },
  {
    id: 'not-a-string',
    title: 'a path that is no string is InvalidPathError in every call',
    run: (t) =>
      refuses(t, { ...CALLS, ...DIRECTORY_CALLS }, [undefined, null, 7] as unknown as string[]),
  },
  {
    id: 'root',
    title: 'the root is a directory for stat, list, walk and purgeUploads, and nothing else',
    original: ['T1'],
    run: async (t) => {
      const { isDir, size, path } = await t.driver.stat('/')
      assert.deepEqual({ path, isDir, size }, { path: '/', isDir: true, size: 0 })
      assert.deepEqual(await items(t.driver.list('/')), [])
      assert.deepEqual(await t.walked('/'), [])
      if (t.capabilities.purgeUploads) await t.driver.purgeUploads('/')
      await refuses(t, CALLS, ['/'])
    },
  },
  {
    id: 'purge',
    title: 'purgeUploads refuses invalid paths',
    needs: 'purgeUploads',
    run: (t) =>
      refuses(t, { purgeUploads: (driver, path) => driver.purgeUploads(path) }, MALFORMED),
  },
  {
    id: 'start-after',
    title: 'an invalid startAfter is InvalidPathError',
    run: async (t) => {
      await t.put('/file')
      for (const startAfter of ['', 'a', '/a//', '/../a', '/a\0']) {
        await t.rejects(t.walked('/', { startAfter }), 'INVALID_PATH')
      }
    },
  },
  {
    id: 'punctuation',
    title: 'spaces, percent signs and other punctuation are kept as they are',
    run: async (t) => {
      const names = [
        ' ',
        'a b',
        '%2e',
        '%2F',
        '%',
        '+',
        '@',
        '#',
        '&',
        '=',
        '~',
        ',',
        ';',
        '!',
        '$',
      ]
      const all = [...names, "'", '(', ')', '[', ']', '{', '}', '^', '`', '...', '-', '_', '&amp;']
      const stored = all.map((name) => `/x/a${name}b`)
      await t.putAll(stored)
      for (const path of stored) await t.holds(path, t.data(path))
      assert.deepEqual(await items(t.driver.list('/x')), [...stored].sort(byteOrder))
    },
  },
  {
    id: 'awkward',
    title: 'a name that a backend may be unable to hold is kept exactly or refused',
    run: async (t) => {
      const names = [
        '\\',
        'a\\b',
        '*',
        '?',
        ':',
        '"',
        '<',
        '>',
        '|',
        '...',
        ' a',
        'a ',
        'a.',
        'con',
      ]
      for (const name of names) await keptOrRefused(t, `/${name}`)
      await keptOrRefused(t, '/a/..b/.c./ /d')
    },
  },
  {
    id: 'same-names',
    title: 'components may be equal to their parents',
    run: async (t) => {
      const deep = await t.put('/a/a/a/b')
      const near = await t.put('/a/c')
      await t.holds('/a/a/a/b', deep)
      await t.holds('/a/c', near)
      assert.deepEqual(await t.walked('/'), ['/a/', '/a/a/', '/a/a/a/', '/a/a/a/b', '/a/c'])
    },
  },
  {
    id: 'longest',
    title: 'a path of 1024 bytes is kept or refused, never cut',
    run: async (t) => {
      await keptOrRefused(t, longPath(1024))
      await keptOrRefused(t, longPath(1000))
    },
  },
  {
    id: 'too-long',
    title: 'a path of more than 1024 bytes is InvalidPathError, however few characters it has',
    run: async (t) => {
      const accents = `${'/é'.repeat(341)}é`
      assert.ok(accents.length < 1024 && Buffer.byteLength(accents) === 1025)
      const tooLong = [longPath(1025), longPath(3000), accents]
      await refuses(t, { ...CALLS, ...DIRECTORY_CALLS }, tooLong)
    },
  },
  {
    id: 'component-255',
    title: 'a component of 255 bytes is kept',
    run: async (t) => {
      const path = `/d/${'n'.repeat(255)}`
      await t.commit(path, t.data(path))
      await t.holds(path, t.data(path))
      await t.holds(`${path.slice(0, -1)}m`, await t.put(`${path.slice(0, -1)}m`))
    },
  },
])
