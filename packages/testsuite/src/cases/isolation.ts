import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { anyAge, paths } from '../context.ts'

export const isolation: readonly Case[] = area('isolation', [
  {
    id: 'storages',
    title: 'two storages, the name of one a prefix of the other, never see each other',
    run: async (t) => {
      for (const suffix of ['2', '-2']) {
        const other = await t.openOther(suffix)
        await t.put('/dir/file')
        assert.deepEqual(await paths(other.list('/')), [])
        assert.deepEqual(await t.walked('/', {}, other), [])
        await t.isMissing('/dir/file', other)
        const data = t.data('other', 50)
        await other.putContent('/dir/file', data.bytes())
        await t.holds('/dir/file', t.data('/dir/file'))
        await t.holds('/dir/file', data, other)
        await t.driver.delete('/dir')
        await t.holds('/dir/file', data, other)
        assert.deepEqual(await t.walked('/'), [])
        await other.delete('/dir')
      }
    },
  },
  {
    id: 'uploads',
    title: 'an unfinished upload of one storage is none of another one',
    run: async (t) => {
      const other = await t.openOther('2')
      await t.leave('/file', t.data('/file'))
      if (t.capabilities.append) {
        const wrong = other.writer('/file', { append: true })
        await t.rejects(wrong, 'PATH_NOT_FOUND', { path: '/file', driver: other })
      }
      if (t.capabilities.purgeUploads) {
        assert.deepEqual(await other.purgeUploads('/', { olderThan: anyAge() }), [])
      }
      await t.rejects(other.delete('/file'), 'PATH_NOT_FOUND', { path: '/file', driver: other })
      await t.driver.delete('/file')
    },
  },
  {
    id: 'close',
    title: 'closing one instance does not disturb another one of the same storage',
    needs: 'persistent',
    run: async (t) => {
      const data = await t.put('/file')
      const other = await t.reopen()
      await t.holds('/file', data, other)
      await other.close()
      await t.holds('/file', data)
      await t.put('/more')
      const third = await t.reopen()
      await t.holds('/more', t.data('/more'), third)
      await third[Symbol.asyncDispose]()
    },
  },
])
