import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { byteOrder, type CaseContext, paths } from '../context.ts'

const HOSTILE = [
  '.x',
  '..x',
  'a',
  'a-',
  'a-b',
  'a.-',
  'a.b',
  'a0',
  'aA',
  'a_',
  'a b',
  'a~',
  'b',
  '-',
  '0',
  '_',
  '~',
]

/** Children of `/dir`, files and directories by turns, around the size of a page. */
function pages(count: (pageSize: number) => number): (t: CaseContext) => Promise<void> {
  return async (t) => {
    const children = Array.from({ length: count(t.settings.pageSize) }, (_, i) => `/dir/c${i}`)
    await t.putAll(children.map((path, i) => (i % 3 === 0 ? `${path}/file` : path)))
    const keys = children.map((path, i) => (i % 3 === 0 ? `${path}/` : path)).sort(byteOrder)
    const found = await paths(t.driver.list('/dir'))
    assert.deepEqual(
      found,
      keys.map((key) => key.replace(/\/$/, '')),
    )
  }
}

export const list: readonly Case[] = area('list', [
  {
    id: 'children',
    title: 'list gives the direct children as full paths',
    original: ['T26'],
    run: async (t) => {
      const files = Array.from({ length: 50 }, (_, i) => `/x/y/file-${i}`)
      await t.putAll(files)
      assert.deepEqual(await paths(t.driver.list('/')), ['/x'])
      assert.deepEqual(await paths(t.driver.list('/x')), ['/x/y'])
      assert.deepEqual(await paths(t.driver.list('/x/y')), [...files].sort(byteOrder))
    },
  },
  {
    id: 'missing',
    title: 'list of nothing or of a file is PathNotFoundError at the first step',
    original: ['T26'],
    run: async (t) => {
      await t.putAll(['/dir/file', '/dir/sub-1/file', '/dir/sub.1'])
      for (const path of ['/none', '/dir/file', '/dir/sub', '/dir/file/x', '/di']) {
        const steps = t.driver.list(path)[Symbol.asyncIterator]()
        await t.rejects(steps.next(), 'PATH_NOT_FOUND', { path })
      }
    },
  },
  {
    id: 'order',
    title: 'children come in the byte order of their keys, a directory with its slash',
    run: async (t) => {
      const files = HOSTILE.map((name) => `/dir/${name}`)
      const inside = HOSTILE.map((name) => `/other/${name}/x`)
      await t.putAll([...files, ...inside])
      assert.deepEqual(await paths(t.driver.list('/dir')), [...files].sort(byteOrder))
      const keys = HOSTILE.map((name) => `/other/${name}/`).sort(byteOrder)
      assert.deepEqual(
        await paths(t.driver.list('/other')),
        keys.map((key) => key.slice(0, -1)),
      )
    },
  },
  {
    id: 'mixed-order',
    title: 'files and directories come in one order, each once',
    run: async (t) => {
      await t.putAll(['/d/a/1', '/d/a/2/3', '/d/a-b', '/d/a.b/1', '/d/a0', '/d/C/x', '/d/z'])
      const children = ['/d/C', '/d/a-b', '/d/a.b', '/d/a', '/d/a0', '/d/z']
      assert.deepEqual(await paths(t.driver.list('/d')), children)
      assert.deepEqual(await paths(t.driver.list('/d/a')), ['/d/a/1', '/d/a/2'])
    },
  },
  {
    id: 'empty',
    title: 'list of the root of an empty storage is empty, also after the last delete',
    run: async (t) => {
      assert.deepEqual(await paths(t.driver.list('/')), [])
      await t.put('/dir/file')
      await t.driver.delete('/dir')
      assert.deepEqual(await paths(t.driver.list('/')), [])
      await t.rejects(paths(t.driver.list('/dir')), 'PATH_NOT_FOUND', { path: '/dir' })
    },
  },
  ...(
    [
      ['one', 'one child', () => 1],
      ['page-less', 'a page less one of children', (page: number) => Math.max(1, page - 1)],
      ['page', 'exactly a page of children', (page: number) => page],
      ['page-more', 'a page and one more child', (page: number) => page + 1],
      ['pages', 'exactly two pages of children', (page: number) => 2 * page],
      ['many-pages', 'two and a half pages of children', (page: number) => Math.ceil(2.5 * page)],
    ] as const
  ).map(([id, what, count]) => ({ id, title: `list gives ${what}, each once`, run: pages(count) })),
  {
    id: 'page-of-directories',
    title: 'a directory that fills pages comes once, and its siblings come too',
    run: async (t) => {
      const { pageSize } = t.settings
      const inside = Array.from({ length: 2 * pageSize + 1 }, (_, i) => `/d/b/${i}`)
      await t.putAll([...inside, '/d/a', '/d/b-', '/d/c/x'])
      assert.deepEqual(await paths(t.driver.list('/d')), ['/d/a', '/d/b-', '/d/b', '/d/c'])
    },
  },
  {
    id: 'break',
    title: 'who has seen enough may stop, and the driver works on',
    run: async (t) => {
      await t.putAll(Array.from({ length: t.settings.pageSize + 2 }, (_, i) => `/d/${i}`))
      for (let i = 0; i < 20; i++) {
        for await (const path of t.driver.list('/d')) {
          assert.equal(path, '/d/0')
          break
        }
      }
      assert.equal((await paths(t.driver.list('/d'))).length, t.settings.pageSize + 2)
    },
  },
  {
    id: 'once',
    title: 'a list can be iterated once',
    run: async (t) => {
      await t.put('/file')
      const listing = t.driver.list('/')
      assert.deepEqual(await paths(listing), ['/file'])
      await assert.rejects(async () => paths(listing), { name: 'TypeError' })
    },
  },
  {
    id: 'lazy',
    title: 'a list that is not iterated does nothing, and none fails before its first step',
    run: async (t) => {
      t.driver.list('/none')
      const listing = t.driver.list('/')
      await t.put('/file')
      assert.deepEqual(await paths(listing), ['/file'])
    },
  },
  {
    id: 'changing',
    title: 'a list goes on while children come and go',
    run: async (t) => {
      const fixed = Array.from({ length: t.settings.pageSize + 5 }, (_, i) => `/d/f${i}`)
      const going = fixed.map((path) => `${path}-gone`)
      await t.putAll([...fixed, ...going])
      const found: string[] = []
      for await (const path of t.driver.list('/d')) {
        found.push(path)
        const gone = going.pop()
        if (gone !== undefined) await t.driver.delete(gone)
        await t.put(`${fixed[0]}-new${found.length}`)
        if (found.length > 4 * fixed.length) break
      }
      assert.deepEqual(found, [...new Set(found)].sort(byteOrder), 'in order, each once')
      for (const path of fixed) assert.ok(found.includes(path), `${path} was there all the time`)
    },
  },
])
