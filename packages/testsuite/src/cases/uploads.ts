import assert from 'node:assert/strict'
import type { PurgeOptions, StorageDriver } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { anyAge, byteOrder, type CaseContext } from '../context.ts'

async function purged(
  driver: StorageDriver,
  path: string,
  options: PurgeOptions = {},
): Promise<string[]> {
  const found = await driver.purgeUploads(path, { olderThan: anyAge(), ...options })
  return found.map((upload) => upload.path).sort(byteOrder)
}

async function leaveAll(t: CaseContext, all: readonly string[]): Promise<void> {
  for (const path of all) await t.leave(path, t.data(path))
}

export const uploads: readonly Case[] = area('uploads', [
  {
    id: 'purge',
    title: 'purgeUploads removes unfinished uploads and names them',
    needs: 'purgeUploads',
    run: async (t) => {
      await t.put('/dir/file')
      await leaveAll(t, ['/dir/file', '/dir/new', '/top'])
      const driver = await t.reopen()
      assert.deepEqual(await purged(driver, '/'), ['/dir/file', '/dir/new', '/top'])
      assert.deepEqual(await purged(driver, '/'), [])
      await t.holds('/dir/file', t.data('/dir/file'))
      if (!t.capabilities.append) return
      const gone = t.driver.writer('/top', { append: true })
      await t.rejects(gone, 'PATH_NOT_FOUND', { path: '/top' })
    },
  },
  {
    id: 'dry-run',
    title: 'a dry run names the uploads and removes nothing',
    needs: 'purgeUploads',
    run: async (t) => {
      const before = Date.now() - 3600_000
      const data = t.data('/dir/file', t.settings.partSize + 1)
      await t.leave('/dir/file', data)
      for (let i = 0; i < 2; i++) {
        const [upload] = await t.driver.purgeUploads('/', { dryRun: true, olderThan: anyAge() })
        assert.equal(upload?.path, '/dir/file')
        assert.ok((upload?.startedAt.getTime() ?? 0) > before, 'when it was begun')
        if (upload?.size !== undefined) assert.equal(upload.size, data.size)
      }
      assert.deepEqual(await purged(t.driver, '/'), ['/dir/file'])
    },
  },
  {
    id: 'dry-run-keeps',
    title: 'an upload can be continued after a dry run',
    needs: 'append',
    run: async (t) => {
      if (!t.capabilities.purgeUploads) return
      const data = t.data('/file', t.settings.partSize + 1)
      await t.leave('/file', data)
      await purged(t.driver, '/', { dryRun: true })
      const writer = await t.driver.writer('/file', { append: true })
      assert.equal(writer.size, data.size)
      await writer.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'age',
    title: 'purgeUploads spares what is younger, by default than a week',
    needs: 'purgeUploads',
    run: async (t) => {
      await t.leave('/file', t.data('/file'))
      assert.deepEqual(await t.driver.purgeUploads('/'), [])
      const hourAgo = new Date(Date.now() - 3600_000)
      assert.deepEqual(await t.driver.purgeUploads('/', { olderThan: hourAgo }), [])
      assert.deepEqual(await purged(t.driver, '/'), ['/file'])
    },
  },
  {
    id: 'beneath',
    title: 'purgeUploads keeps to the path and what is beneath it',
    needs: 'purgeUploads',
    run: async (t) => {
      await leaveAll(t, ['/a/x', '/a/b/y', '/a-1/x', '/a.b', '/ab/x', '/b'])
      assert.deepEqual(await purged(t.driver, '/a'), ['/a/b/y', '/a/x'])
      assert.deepEqual(await purged(t.driver, '/none'), [])
      assert.deepEqual(await purged(t.driver, '/b'), ['/b'])
      assert.deepEqual(await purged(t.driver, '/'), ['/a-1/x', '/a.b', '/ab/x'])
    },
  },
  {
    id: 'several-of-one-path',
    title: 'purgeUploads names each upload of one path',
    needs: 'purgeUploads',
    run: async (t) => {
      for (let i = 0; i < 3; i++) await t.leave('/file', t.data(`${i}`, i + 1))
      assert.deepEqual(await purged(t.driver, '/'), ['/file', '/file', '/file'])
    },
  },
  {
    id: 'not-files',
    title: 'purgeUploads finds nothing where everything is committed or cancelled',
    needs: 'purgeUploads',
    run: async (t) => {
      await t.put('/dir/put')
      await t.commit('/dir/file', t.data('file', 2 * t.settings.partSize + 1))
      await (await t.begin('/dir/none', t.data('none', t.settings.partSize + 1))).cancel()
      assert.deepEqual(await purged(t.driver, '/'), [])
      assert.deepEqual(await t.walked('/'), ['/dir/', '/dir/file', '/dir/put'])
    },
  },
  {
    id: 'refused',
    title: 'without the capability, purgeUploads is UnsupportedMethodError',
    unless: 'purgeUploads',
    run: (t) => t.rejects(t.driver.purgeUploads('/'), 'UNSUPPORTED_METHOD'),
  },
  {
    id: 'page',
    title: 'more uploads than a page are all found',
    needs: 'purgeUploads',
    run: async (t) => {
      const { pageSize, size } = t.settings
      const count = size === 'full' ? 1001 : Math.min(2 * pageSize + 1, 41)
      const all = Array.from({ length: count }, (_, i) => `/dir/file${i % 7}/${i}`)
      for (let at = 0; at < count; at += 10) {
        await Promise.all(all.slice(at, at + 10).map((path) => t.leave(path, t.data(path))))
      }
      assert.deepEqual(await purged(t.driver, '/dir'), [...all].sort(byteOrder))
      assert.deepEqual(await purged(t.driver, '/'), [])
    },
  },
  {
    id: 'delete-removes',
    title: 'delete removes unfinished uploads of the path and beneath it, never of siblings',
    run: async (t) => {
      await t.put('/a/file')
      await leaveAll(t, ['/a/file', '/a/b/new', '/a-1/x', '/ab'])
      await t.driver.delete('/a')
      assert.deepEqual(await t.walked('/'), [])
      if (t.capabilities.append) {
        for (const path of ['/a/file', '/a/b/new']) {
          await t.rejects(t.driver.writer(path, { append: true }), 'PATH_NOT_FOUND', { path })
        }
      }
      if (t.capabilities.purgeUploads) {
        assert.deepEqual(await purged(t.driver, '/'), ['/a-1/x', '/ab'])
      }
    },
  },
  {
    id: 'delete-only-uploads',
    title: 'delete succeeds where nothing but unfinished uploads is, and then nothing is left',
    run: async (t) => {
      await leaveAll(t, ['/dir/file', '/dir/sub/file'])
      await t.driver.delete('/dir')
      await t.rejects(t.driver.delete('/dir'), 'PATH_NOT_FOUND', { path: '/dir' })
    },
  },
  {
    id: 'delete-held',
    title: 'a writer whose upload a delete has removed fails and publishes nothing',
    run: async (t) => {
      const { partSize } = t.settings
      await t.put('/dir/file')
      const writer = await t.begin('/dir/file', t.data('new', 2 * partSize + 1))
      await t.driver.delete('/dir')
      const codes = ['UPLOAD_NOT_FOUND', 'WRITER_STATE'] as const
      const finish = async (): Promise<void> => {
        await writer.write(t.data('more', partSize).bytes())
        await writer.commit()
      }
      await t.rejects(finish(), codes)
      await t.rejects(writer.commit(), codes)
      await writer.cancel().catch(() => {})
      await t.isMissing('/dir/file')
      assert.deepEqual(await t.walked('/'), [])
    },
  },
  {
    id: 'purge-idle-only',
    title: 'what a purge has removed cannot be committed by its writer',
    needs: 'purgeUploads',
    run: async (t) => {
      const data = t.data('/file', 2 * t.settings.partSize + 1)
      const writer = await t.begin('/file', data)
      const removed = await purged(t.driver, '/')
      if (removed.length === 0) {
        // The driver can tell that the session is held.
        await writer.commit()
        return t.holds('/file', data)
      }
      await t.rejects(writer.commit(), ['UPLOAD_NOT_FOUND', 'WRITER_STATE'])
      await writer.cancel().catch(() => {})
      await t.isMissing('/file')
    },
  },
])
