import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { type CaseContext, paths } from '../context.ts'

/** Deletes a directory of so many files; siblings stay. */
function deletes(count: (pageSize: number) => number): (t: CaseContext) => Promise<void> {
  return async (t) => {
    const total = count(t.settings.pageSize)
    await t.putAll(Array.from({ length: total }, (_, i) => `/d/x/${i % 3}/f${i}`))
    await t.putAll(['/d/x-1', '/d/x0/f'])
    await t.driver.delete('/d/x')
    assert.deepEqual(await t.walked('/'), ['/d/', '/d/x-1', '/d/x0/', '/d/x0/f'])
  }
}

export const remove: readonly Case[] = area('delete', [
  {
    id: 'file',
    title: 'delete removes a file',
    original: ['T31'],
    run: async (t) => {
      await t.putAll(['/a/file', '/a/other'])
      await t.driver.delete('/a/file')
      await t.isMissing('/a/file')
      await t.holds('/a/other', t.data('/a/other'))
    },
  },
  {
    id: 'missing',
    title: 'delete of nothing is PathNotFoundError, whatever has a name that begins alike',
    original: ['T32'],
    run: async (t) => {
      await t.putAll(['/x-1', '/x.1', '/x1', '/x_/y', '/dir/file'])
      const before = await t.walked('/')
      for (const path of ['/x', '/none/a', '/dir/fil', '/dir/file/x', '/di']) {
        await t.rejects(t.driver.delete(path), 'PATH_NOT_FOUND', { path })
      }
      assert.deepEqual(await t.walked('/'), before)
    },
  },
  {
    id: 'directory',
    title: 'delete of a directory removes all that is beneath it',
    original: ['T33'],
    run: async (t) => {
      await t.putAll(['/d/1', '/d/2', '/d/sub/3', '/keep'])
      await t.driver.delete('/d/1')
      await t.isMissing('/d/1')
      await t.holds('/d/2', t.data('/d/2'))
      await t.driver.delete('/d')
      for (const path of ['/d/2', '/d/sub/3', '/d']) await t.isMissing(path)
      assert.deepEqual(await t.walked('/'), ['/keep'])
    },
  },
  {
    id: 'siblings',
    title: 'delete never touches siblings that share a prefix',
    original: ['T34'],
    run: async (t) => {
      const rest = ['/d/fsuffix', '/d/f-1', '/d/f.x/y', '/d/f0', '/d/dsuffix/f', '/d/d-1/f']
      await t.putAll(['/d/f', '/d/d/f', ...rest])
      await t.driver.delete('/d/f')
      await t.driver.delete('/d/d')
      for (const path of ['/d/f', '/d/d/f']) await t.isMissing(path)
      for (const path of rest) await t.holds(path, t.data(path))
    },
  },
  {
    id: 'pages',
    title: 'delete removes exactly a page of files',
    run: deletes((page) => page),
  },
  {
    id: 'many-pages',
    title: 'delete removes more than two pages of files',
    run: deletes((page) => 2 * page + 1),
  },
  {
    id: 'again',
    title: 'what was deleted can be stored again',
    run: async (t) => {
      for (const size of [100, 10, 0]) {
        await t.holds('/a/b', await t.put('/a/b', size))
        await t.driver.delete('/a/b')
        await t.isMissing('/a/b')
        await t.holds('/a', await t.put('/a', size))
        await t.driver.delete('/a')
      }
    },
  },
  {
    id: 'at-once',
    title: 'of two deletes of one tree at once, each succeeds or finds nothing',
    run: async (t) => {
      await t.putAll(Array.from({ length: 30 }, (_, i) => `/d/${i % 4}/f${i}`))
      const deletion = async (): Promise<void> => {
        await t.driver.delete('/d').catch(async (error: unknown) => {
          await t.rejects(Promise.reject(error), 'PATH_NOT_FOUND', { path: '/d' })
        })
      }
      await Promise.all([deletion(), deletion(), deletion()])
      assert.deepEqual(await t.walked('/'), [])
      assert.deepEqual(await paths(t.driver.list('/')), [])
    },
  },
  {
    id: 'while-storing',
    title: 'files that are stored beside a delete are kept',
    run: async (t) => {
      await t.putAll(Array.from({ length: 20 }, (_, i) => `/d/old/f${i}`))
      const fresh = Array.from({ length: 20 }, (_, i) => `/d/new/f${i}`)
      await Promise.all([t.driver.delete('/d/old'), t.putAll(fresh)])
      for (const path of fresh) await t.holds(path, t.data(path))
      await t.rejects(t.driver.stat('/d/old'), 'PATH_NOT_FOUND', { path: '/d/old' })
    },
  },
])
