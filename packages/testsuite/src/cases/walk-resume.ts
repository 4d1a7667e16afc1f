import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { byteOrder, type CaseContext } from '../context.ts'
import { expectedKeys } from './walk.ts'

const TREE = [
  '/d/a-b',
  '/d/a.b/1',
  '/d/a/1',
  '/d/a/2/x',
  '/d/a/2/y',
  '/d/a/3',
  '/d/a0',
  '/d/b/z',
  '/e',
]

/** The keys of the tree beneath `from` that come after another key. */
function after(startAfter: string, from = '/'): string[] {
  return expectedKeys(TREE).filter(
    (key) => byteOrder(key, startAfter) > 0 && key !== from && key.startsWith(from),
  )
}

async function resumes(t: CaseContext, from: string, starts: readonly string[]): Promise<void> {
  await t.putAll(TREE)
  for (const startAfter of starts) {
    const key = from === '/' ? from : `${from}/`
    assert.deepEqual(await t.walked(from, { startAfter }), after(startAfter, key), startAfter)
  }
}

export const walkResume: readonly Case[] = area('walk-resume', [
  {
    id: 'every-entry',
    title: 'a walk goes on exactly after every entry of a tree',
    run: (t) => resumes(t, '/', expectedKeys(TREE)),
  },
  {
    id: 'every-entry-beneath',
    title: 'a walk of a directory goes on exactly after every entry',
    run: (t) => resumes(t, '/d/a', expectedKeys(TREE)),
  },
  {
    id: 'missing-entry',
    title: 'a walk goes on after an entry that does not exist',
    run: (t) =>
      resumes(t, '/', [
        '/d/a/2/xx',
        '/d/a/2/w',
        '/d/a/2-',
        '/d/a/20',
        '/a',
        '/d/',
        '/d0',
        '/c/x/y',
      ]),
  },
  {
    id: 'directory-without-slash',
    title: 'a directory named without its slash comes before itself',
    run: (t) => resumes(t, '/', ['/d', '/d/a', '/d/a/2', '/d/b']),
  },
  {
    id: 'file-with-slash',
    title: 'a file named with a slash is passed by',
    run: (t) => resumes(t, '/', ['/d/a/1/', '/e/', '/d/a-b/']),
  },
  {
    id: 'outside',
    title: 'a start outside of the directory gives all of it or nothing',
    run: async (t) => {
      await resumes(t, '/d/a', ['/', '/a', '/d', '/d/a', '/d/a-b', '/d/a0', '/d/b/z', '/e', '/z'])
    },
  },
  {
    id: 'past-the-end',
    title: 'a start after everything gives nothing',
    run: (t) => resumes(t, '/', ['/e', '/e/x', '/f', '/~']),
  },
  {
    id: 'missing-directory',
    title: 'a walk of nothing is PathNotFoundError with a start as well',
    run: async (t) => {
      await t.putAll(TREE)
      await t.rejects(t.walked('/none', { startAfter: '/none/a' }), 'PATH_NOT_FOUND')
      await t.rejects(t.walked('/d/a/1', { startAfter: '/d/a/1' }), 'PATH_NOT_FOUND')
    },
  },
  {
    id: 'pages',
    title: 'a walk that stops and goes on at every entry is the same walk',
    run: async (t) => {
      const count = t.settings.pageSize + 3
      const files = Array.from({ length: count }, (_, i) => `/d/${i % 4}/f${i}`)
      await t.putAll(files)
      const found: string[] = []
      const next = async (): Promise<string[]> => {
        const startAfter = found.at(-1)
        const part: string[] = []
        const options = startAfter === undefined ? {} : { startAfter }
        for await (const info of t.driver.walk('/', options)) {
          part.push(info.isDir ? `${info.path}/` : info.path)
          if (part.length === 7) break
        }
        return part
      }
      for (let part = await next(); part.length > 0; part = await next()) {
        found.push(...part)
        // A driver that comes back to the same entries would go on for ever, and never let a timer run.
        assert.ok(found.length <= count + 1000, 'the walk goes on and on')
      }
      assert.deepEqual(found, expectedKeys(files))
    },
  },
  {
    id: 'skip',
    title: 'skipDir works in a walk that goes on',
    run: async (t) => {
      await t.putAll(TREE)
      const found: string[] = []
      const walk = t.driver.walk('/', { startAfter: '/d/a.b/1' })
      for await (const info of walk) {
        found.push(info.path)
        if (info.path === '/d/a') walk.skipDir()
      }
      assert.deepEqual(found, ['/d/a', '/d/a0', '/d/b', '/d/b/z', '/e'])
    },
  },
])
