import assert from 'node:assert/strict'
import type { StorageDriver } from '@stowage/core'
import { area, type Case } from '../case.ts'

/** File systems keep times in steps of up to two seconds. */
const STEP_MS = 2000
const OLD = new Date('2001-02-03T04:05:06.789Z')
const OLDER = new Date('1999-12-31T23:59:59.500Z')

async function hasTime(driver: StorageDriver, path: string, time: Date): Promise<void> {
  const { modTime } = await driver.stat(path)
  const off = Math.abs(modTime.getTime() - time.getTime())
  assert.ok(off <= STEP_MS, `${path} has the time ${modTime.toJSON()}, not ${time.toJSON()}`)
}

export const modTimes: readonly Case[] = area('times', [
  {
    id: 'put',
    title: 'putContent keeps the time that is given, for every instance',
    needs: 'modTimes',
    run: async (t) => {
      for (const [path, size, modTime] of [
        ['/dir/old', 100, OLD],
        ['/dir/empty', 0, OLDER],
        ['/dir/large', t.settings.partSize + 1, OLD],
      ] as const) {
        const data = t.data(path, size)
        await t.driver.putContent(path, data.bytes(), { modTime })
        await hasTime(t.driver, path, modTime)
        await hasTime(await t.reopen(), path, modTime)
        await t.holds(path, data)
      }
    },
  },
  {
    id: 'writer',
    title: 'a writer publishes with the time that it was given',
    needs: 'modTimes',
    run: async (t) => {
      for (const [path, size] of [
        ['/empty', 0],
        ['/small', 100],
        ['/parts', 2 * t.settings.partSize + 1],
      ] as const) {
        const data = t.data(path, size)
        const writer = await t.begin(path, data, { modTime: OLD })
        await writer.commit()
        await hasTime(t.driver, path, OLD)
        await t.holds(path, data)
      }
    },
  },
  {
    id: 'append',
    title: 'an upload that is continued with the same time publishes with it',
    needs: 'modTimes',
    run: async (t) => {
      if (!t.capabilities.append) return
      const data = t.data('whole', t.settings.partSize + 100)
      const first = await t.driver.writer('/file', { modTime: OLD })
      await first.write(data.bytes(0, 50))
      await first.close()
      const again = await t.reopen()
      const second = await again.writer('/file', { append: true, modTime: OLD })
      await second.write(data.bytes(50))
      await second.commit()
      await hasTime(t.driver, '/file', OLD)
      await t.holds('/file', data)
    },
  },
  {
    id: 'replaced',
    title: 'a file that is replaced without a time has the time of the change',
    needs: 'modTimes',
    run: async (t) => {
      const change = [
        () => t.put('/file', 40),
        () => t.commit('/file', t.data('committed', 50)),
      ] as const
      for (const replace of change) {
        await t.driver.putContent('/file', t.data('old').bytes(), { modTime: OLD })
        await replace()
        const { modTime } = await t.driver.stat('/file')
        assert.ok(modTime.getTime() - OLD.getTime() > STEP_MS, `the time is still ${modTime}`)
      }
    },
  },
  {
    id: 'moved',
    title: 'a move keeps the time that a file was given, also in a directory',
    needs: 'modTimes',
    run: async (t) => {
      for (const path of ['/file', '/dir/a', '/dir/b/c']) {
        await t.driver.putContent(path, t.data(path).bytes(), { modTime: OLD })
      }
      await t.put('/new')
      await t.driver.move('/file', '/new')
      await t.driver.move('/dir', '/moved')
      for (const path of ['/new', '/moved/a', '/moved/b/c']) await hasTime(t.driver, path, OLD)
    },
  },
  {
    id: 'refused',
    title: 'a driver that keeps no given times refuses them and changes nothing',
    unless: 'modTimes',
    run: async (t) => {
      const old = await t.put('/file')
      const given = { modTime: OLD }
      const content = t.data('new').bytes()
      for (const path of ['/file', '/missing']) {
        const expected = { path }
        await t.rejects(t.driver.putContent(path, content, given), 'UNSUPPORTED_METHOD', expected)
        await t.rejects(t.driver.writer(path, given), 'UNSUPPORTED_METHOD', expected)
      }
      await t.holds('/file', old)
      await t.isMissing('/missing')
    },
  },
  {
    id: 'invalid',
    title: 'a time that is no valid Date is a TypeError and changes nothing',
    run: async (t) => {
      for (const wrong of [new Date(Number.NaN), '2001-02-03', 981_173_106, {}, null]) {
        const given = { modTime: wrong as Date }
        const put = t.driver.putContent('/file', t.data('new').bytes(), given)
        await assert.rejects(put, { name: 'TypeError' })
        await assert.rejects(t.driver.writer('/file', given), { name: 'TypeError' })
      }
      await t.isMissing('/file')
    },
  },
])
