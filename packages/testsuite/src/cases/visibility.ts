import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { type CaseContext, paths } from '../context.ts'

/** Nothing of an upload to `/dir/sub/file` can be seen, on this instance or another. */
async function invisible(t: CaseContext): Promise<void> {
  for (const driver of new Set([t.driver, await t.reopen()])) {
    await t.isMissing('/dir/sub/file', driver)
    for (const path of ['/dir/sub', '/dir']) {
      await t.rejects(driver.stat(path), 'PATH_NOT_FOUND', { path, driver })
      await t.rejects(paths(driver.list(path)), 'PATH_NOT_FOUND', { path, driver })
      await t.rejects(t.walked(path, {}, driver), 'PATH_NOT_FOUND', { path, driver })
    }
    assert.deepEqual(await paths(driver.list('/')), [], 'list of the root')
    assert.deepEqual(await t.walked('/', {}, driver), [], 'walk of the root')
  }
}

/** The old content, and nothing else, can be seen. */
async function untouched(t: CaseContext, old: Awaited<ReturnType<CaseContext['put']>>) {
  for (const driver of new Set([t.driver, await t.reopen()])) {
    await t.holds('/dir/file', old, driver)
    assert.deepEqual(await t.walked('/', {}, driver), ['/dir/', '/dir/file'])
    assert.deepEqual(await paths(driver.list('/dir')), ['/dir/file'])
  }
}

export const visibility: readonly Case[] = area('visibility', [
  {
    id: 'open',
    title: 'an open upload cannot be seen, however much was written',
    run: async (t) => {
      const { partSize } = t.settings
      const writer = await t.driver.writer('/dir/sub/file')
      await invisible(t)
      await writer.write(t.data('a').bytes())
      await invisible(t)
      await writer.write(t.data('b', 3 * partSize + 1).bytes())
      await invisible(t)
      await writer.cancel()
      await invisible(t)
    },
  },
  {
    id: 'closed',
    title: 'a closed, unfinished upload cannot be seen',
    leavesUploads: true,
    run: async (t) => {
      for (const size of [0, 10, t.settings.partSize, 2 * t.settings.partSize + 1]) {
        await t.leave('/dir/sub/file', t.data(`s${size}`, size))
        await invisible(t)
      }
    },
  },
  {
    id: 'resumed',
    title: 'a continued upload cannot be seen before its commit',
    needs: 'append',
    run: async (t) => {
      const data = t.data('/dir/sub/file', t.settings.partSize + 40)
      await t.leave('/dir/sub/file', data)
      const writer = await (await t.reopen()).writer('/dir/sub/file', { append: true })
      await invisible(t)
      await writer.commit()
      await t.holds('/dir/sub/file', data)
    },
  },
  {
    id: 'old-stays',
    title: 'old content stays whole while new content is written, closed or cancelled',
    leavesUploads: true,
    run: async (t) => {
      const { partSize } = t.settings
      const old = await t.put('/dir/file', partSize + 77)
      const cancelled = await t.driver.writer('/dir/file')
      await untouched(t, old)
      await cancelled.write(t.data('new', 2 * partSize + 1).bytes())
      await untouched(t, old)
      await cancelled.cancel()
      await untouched(t, old)
      await t.leave('/dir/file', t.data('closed', 2 * partSize + 1))
      await untouched(t, old)
    },
  },
  {
    id: 'replaced-by-commit',
    title: 'commit replaces old content by shorter and by longer content',
    run: async (t) => {
      const { partSize } = t.settings
      for (const size of [2 * partSize, 10, partSize + 1, 0, 3]) {
        await t.commit('/dir/file', t.data(`s${size}`, size))
        await t.holds('/dir/file', t.data(`s${size}`, size))
      }
    },
  },
  {
    id: 'at-once',
    title: 'every other instance sees a change at once',
    needs: 'persistent',
    run: async (t) => {
      const other = await t.reopen()
      await t.commit('/a/file', t.data('one'))
      await t.holds('/a/file', t.data('one'), other)
      await t.holds('/a/file', await t.put('/a/file', 70), other)
      assert.deepEqual(await t.walked('/', {}, other), ['/a/', '/a/file'])
      await t.driver.move('/a/file', '/b')
      await t.isMissing('/a/file', other)
      await t.holds('/b', t.data('/a/file', 70), other)
      await t.driver.delete('/b')
      await t.isMissing('/b', other)
      assert.deepEqual(await paths(other.list('/')), [])
    },
  },
  {
    id: 'not-persistent',
    title: 'without the capability, another instance is empty',
    unless: 'persistent',
    run: async (t) => {
      await t.put('/file')
      const other = await t.openOther('')
      assert.deepEqual(await t.walked('/', {}, other), [])
    },
  },
  {
    id: 'parents',
    title: 'directories are there once a file is committed beneath them',
    run: async (t) => {
      await t.commit('/a/b/c/file', t.data('file'))
      for (const path of ['/a', '/a/b', '/a/b/c']) {
        assert.equal((await t.driver.stat(path)).isDir, true)
      }
      assert.deepEqual(await t.walked('/'), ['/a/', '/a/b/', '/a/b/c/', '/a/b/c/file'])
    },
  },
])
