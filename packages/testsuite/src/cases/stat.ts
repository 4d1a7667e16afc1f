import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { types } from 'node:util'
import { area, type Case } from '../case.ts'
import { paths } from '../context.ts'

/** Clocks of backends and of this machine may differ by so much. */
const CLOCKS_MS = 15 * 60_000

export const stat: readonly Case[] = area('stat', [
  {
    id: 'file',
    title: 'stat tells the path, the size and that it is a file',
    original: ['T35'],
    run: async (t) => {
      for (const size of [0, 1, 4096, t.settings.partSize + 1]) {
        await t.put('/dir/put', size)
        await t.commit('/dir/file', t.data('file', size))
        for (const path of ['/dir/put', '/dir/file']) {
          const info = await t.driver.stat(path)
          assert.deepEqual([info.path, info.size, info.isDir], [path, size, false])
        }
      }
    },
  },
  {
    id: 'directory',
    title: 'stat tells a directory at every depth, with size 0',
    original: ['T35'],
    run: async (t) => {
      await t.put('/a/b/c/file')
      for (const path of ['/', '/a', '/a/b', '/a/b/c']) {
        const info = await t.driver.stat(path)
        assert.deepEqual([info.path, info.size, info.isDir], [path, 0, true])
      }
    },
  },
  {
    id: 'missing',
    title: 'stat of nothing is PathNotFoundError, whatever has a name that begins alike',
    original: ['T35'],
    run: async (t) => {
      await t.putAll(['/x-1', '/x.1', '/x1', '/x_1', '/x /a', '/dir/file'])
      for (const path of [
        '/x',
        '/x/1',
        '/dir/fil',
        '/dir/file1',
        '/dir/file/a',
        '/di',
        '/none/a',
      ]) {
        await t.rejects(t.driver.stat(path), 'PATH_NOT_FOUND', { path })
      }
    },
  },
  {
    id: 'mod-time',
    title: 'the time is that of the last change, and reading does not change it',
    original: ['T35'],
    run: async (t) => {
      await t.put('/file')
      const first = (await t.driver.stat('/file')).modTime
      assert.ok(types.isDate(first), `modTime is a Date, not ${String(first)}`)
      assert.ok(Math.abs(first.getTime() - Date.now()) < CLOCKS_MS, `changed at ${first}`)
      await t.driver.getContent('/file')
      await paths(await t.driver.reader('/file'))
      assert.equal((await t.driver.stat('/file')).modTime.getTime(), first.getTime())
    },
  },
  {
    id: 'mod-time-later',
    title: 'a later change has a later time',
    original: ['T35'],
    run: async (t) => {
      await t.put('/file')
      const first = (await t.driver.stat('/file')).modTime.getTime()
      // Times of whole seconds are usual: some change must fall into another second.
      await t.eventually('a later time', async () => {
        await wait(100)
        await t.put('/file', 40)
        return (await t.driver.stat('/file')).modTime.getTime() > first
      })
    },
  },
  {
    id: 'caller-owns',
    title: 'what a caller does to the information it got changes nothing for others',
    run: async (t) => {
      await t.put('/dir/file')
      const all = [
        () => t.driver.stat('/dir/file'),
        async () => (await paths(t.driver.walk('/dir')))[0],
      ]
      for (const look of all) {
        const info = (await look()) as { path: string; size: number; modTime: Date }
        const before = structuredClone(info)
        info.modTime.setTime(0)
        try {
          info.size = 12_345
          info.path = '/other'
        } catch {
          // A frozen one is as good.
        }
        assert.deepEqual(structuredClone(await look()), before)
      }
    },
  },
  {
    id: 'after-delete',
    title: 'parents that become empty are gone, by delete and by move',
    run: async (t) => {
      await t.putAll(['/a/b/c/file', '/a/keep', '/m/n/file'])
      await t.driver.delete('/a/b/c/file')
      await t.driver.move('/m/n/file', '/a/moved')
      for (const path of ['/a/b/c', '/a/b', '/m/n', '/m']) {
        await t.rejects(t.driver.stat(path), 'PATH_NOT_FOUND', { path })
        await t.rejects(paths(t.driver.list(path)), 'PATH_NOT_FOUND', { path })
      }
      assert.deepEqual(await t.walked('/'), ['/a/', '/a/keep', '/a/moved'])
      await t.driver.delete('/a')
      assert.deepEqual(await paths(t.driver.list('/')), [])
    },
  },
])
