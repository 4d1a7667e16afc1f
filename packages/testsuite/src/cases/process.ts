import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { FileWriter } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { WorkingChild } from '../child-process.ts'
import { anyAge, type CaseContext, feed } from '../context.ts'
import type { Data } from '../data.ts'
import type { DataRecipe } from '../job.ts'
import { isOneOf } from './content.ts'
import { wholeOf } from './whole.ts'

/** A driver holds back at most so many parts: what was accepted before them has been passed on. */
const HELD_BACK = 8
/** Kills of a process that replaces or moves again and again. Most of the time goes into its start. */
const KILLS = { quick: 2, full: 20 } as const
/** These cases start process after process, and each works for some rounds: slow on a busy machine. */
const KILL_PATIENCE = 5

type ChildJob = ConstructorParameters<typeof WorkingChild>[2]

/** Runs the job in another process while `meanwhile` runs here, and kills that process. */
async function killedAfter(
  t: CaseContext,
  job: ChildJob,
  meanwhile: (child: WorkingChild) => Promise<unknown>,
): Promise<WorkingChild> {
  const { child } = t.settings
  assert.ok(child, 'the option "child"')
  const working = new WorkingChild(child, t.storage, job, t.signal)
  try {
    await meanwhile(working)
  } finally {
    await working.kill()
  }
  return working
}

function writing(
  data: DataRecipe,
  { path = '/dir/file', append = false, from = 0, chunk = 10_000 } = {},
): ChildJob & { kind: 'write' } {
  return { kind: 'write', path, data, append, from, chunk, end: 'none' }
}

/** Continues the upload that the killed process left, and commits it: the bytes are the right ones. */
async function complete(t: CaseContext, data: Data, accepted: number): Promise<void> {
  const writer: FileWriter = await (await t.reopen()).writer('/dir/file', { append: true })
  assert.ok(writer.size > 0, 'something of the upload is left')
  assert.ok(writer.size <= data.size, `${writer.size} bytes of ${data.size}`)
  assert.ok(writer.size >= accepted, `${writer.size} bytes are left of at least ${accepted}`)
  await feed(writer, data, { from: writer.size })
  await writer.commit()
  await t.holds('/dir/file', data)
}

/** A process that replaces a file is killed at any time: the file is whole, and nothing else is there. */
function killedReplacing(kind: 'put' | 'commit'): (t: CaseContext) => Promise<void> {
  return async (t) => {
    const { partSize } = t.settings
    const sizes = [1000, partSize + 1, 2 * partSize + 5]
    const labels = sizes.map((size) => ({ label: `v${size}`, size }))
    const versions = labels.map(({ label, size }) => t.recipe(label, size))
    const all = labels.map(({ label, size }) => t.data(label, size))
    const random = t.random('kills')
    for (let i = 0; i < KILLS[t.settings.size]; i++) {
      await killedAfter(t, { kind, path: '/dir/file', versions }, async (child) => {
        await child.until(({ step }) => step > random(3))
        const until = Date.now() + random(30)
        while (Date.now() < until) isOneOf(await t.driver.getContent('/dir/file'), all)
      })
      const driver = await t.reopen()
      isOneOf(await driver.getContent('/dir/file'), all)
      assert.deepEqual(await t.walked('/', {}, driver), ['/dir/', '/dir/file'])
    }
    await t.driver.delete('/dir')
  }
}

/** Tries to continue the upload that another process holds and to commit it; whether that worked. */
async function takeOver(t: CaseContext, theirs: Data, whole: Buffer): Promise<boolean> {
  try {
    const writer = await t.driver.writer('/dir/file', { append: true })
    assert.ok(writer.size <= theirs.size)
    await writer.write(whole.subarray(writer.size))
    await writer.commit()
    return true
  } catch (error) {
    // A backend that can tell that the upload is held has nothing to continue.
    await t.rejects(Promise.reject(error), ['PATH_NOT_FOUND', 'UPLOAD_NOT_FOUND', 'DRIVER'])
    return false
  }
}

export const killed: readonly Case[] = area('process', [
  {
    id: 'continues',
    title: 'what a process has closed before it was killed is continued by another one',
    needs: 'append',
    child: true,
    run: async (t) => {
      const size = 2 * t.settings.partSize + 77
      const data = t.data('file', size + 100)
      const begun = writing(t.recipe('file', size + 100), { from: 100 })
      // The first bytes come from here, the next from there, the last from here again.
      const writer = await t.driver.writer('/dir/file')
      await writer.write(data.bytes(0, 100))
      await writer.close()
      await killedAfter(t, { ...begun, append: true, end: 'close' }, (child) =>
        child.until(({ ended }) => ended === true),
      )
      await t.isMissing('/dir/file')
      await complete(t, data, data.size)
    },
  },
  {
    id: 'killed-writing',
    title: 'a process killed while it writes leaves an upload that continues with the right bytes',
    needs: 'append',
    child: true,
    run: async (t) => {
      const { partSize } = t.settings
      const size = (HELD_BACK + 4) * partSize
      const job = writing(t.recipe('file', size), { chunk: Math.ceil(partSize / 3) })
      await killedAfter(t, job, (child) =>
        child.until((progress) => (progress.size ?? 0) > (HELD_BACK + 1) * partSize),
      )
      const driver = await t.reopen()
      await t.isMissing('/dir/file', driver)
      assert.deepEqual(await t.walked('/', {}, driver), [])
      await complete(t, t.data('file', size), partSize)
    },
  },
  {
    id: 'killed-early',
    title: 'a process killed after its first bytes leaves the old content and nothing to be seen',
    needs: 'persistent',
    child: true,
    leavesUploads: true,
    run: async (t) => {
      const old = await t.put('/dir/file', 500)
      for (const chunk of [10, t.settings.partSize + 1]) {
        const job = writing(t.recipe('file', 3 * t.settings.partSize), { chunk })
        await killedAfter(t, job, (child) => child.until(({ step }) => step >= 1))
        const driver = await t.reopen()
        await t.holds('/dir/file', old, driver)
        assert.deepEqual(await t.walked('/', {}, driver), ['/dir/', '/dir/file'])
      }
    },
  },
  {
    id: 'killed-continuing',
    title: 'a process killed while it continues an upload leaves at least what was there before',
    needs: 'append',
    child: true,
    run: async (t) => {
      const { partSize } = t.settings
      const start = partSize + 9
      const size = start + 6 * partSize
      const data = t.data('file', size)
      const writer = await t.driver.writer('/dir/file')
      await writer.write(data.bytes(0, start))
      await writer.close()
      const job = writing(t.recipe('file', size), { from: start, chunk: partSize })
      await killedAfter(t, { ...job, append: true }, (child) =>
        child.until(({ step }) => step >= 2),
      )
      await complete(t, data, start)
    },
  },
  {
    id: 'killed-putting',
    title: 'a process killed in putContent leaves the old content or the new one, whole',
    needs: 'persistent',
    child: true,
    patience: KILL_PATIENCE,
    leavesUploads: true,
    run: killedReplacing('put'),
  },
  {
    id: 'killed-committing',
    title: 'a process killed in a commit leaves the old content or the new one, whole',
    needs: 'persistent',
    child: true,
    patience: KILL_PATIENCE,
    leavesUploads: true,
    run: killedReplacing('commit'),
  },
  {
    id: 'killed-moving',
    title: 'a process killed in a move never loses the file',
    needs: 'persistent',
    child: true,
    patience: KILL_PATIENCE,
    leavesUploads: true,
    run: async (t) => {
      const size = t.settings.partSize + 5
      await t.put('/a/file', size)
      const random = t.random('kills')
      for (let i = 0; i < KILLS[t.settings.size]; i++) {
        const job = { kind: 'move', path: '/a/file', destination: '/b/file' } as const
        await killedAfter(t, job, async (child) => {
          await child.until(({ step }) => step > random(3))
          await wait(random(20))
        })
        const whole = await wholeOf(t, ['/a', '/b'], ['/file'], size)
        if (!whole.includes('/a')) await t.driver.move('/b', '/a')
      }
    },
  },
  {
    id: 'killed-moving-directory',
    title: 'a process killed while it moves a directory leaves one of the two whole',
    needs: 'persistent',
    child: true,
    patience: KILL_PATIENCE,
    leavesUploads: true,
    run: async (t) => {
      const names = ['/1', '/2', '/sub/3', '/sub/4', '/sub/deep/5']
      await t.putAll(names.map((name) => `/a${name}`))
      const random = t.random('kills')
      for (let i = 0; i < KILLS[t.settings.size]; i++) {
        const job = { kind: 'move', path: '/a', destination: '/b' } as const
        await killedAfter(t, job, async (child) => {
          await child.until(({ step }) => step > random(3))
          await wait(random(20))
        })
        const whole = await wholeOf(t, ['/a', '/b'], names)
        if (!whole.includes('/a')) await t.driver.move('/b', '/a')
      }
    },
  },
  {
    id: 'held-elsewhere',
    title: 'an upload that another process still writes is committed once at most, and never mixed',
    needs: 'append',
    child: true,
    leavesUploads: true,
    run: async (t) => {
      const size = t.settings.partSize + 100
      const theirs = t.data('theirs', size)
      const job = { ...writing(t.recipe('theirs', size)), end: 'commit' } as const
      await killedAfter(t, job, async (child) => {
        await child.until((progress) => progress.size === size)
        const mine = Buffer.concat([theirs.bytes(), t.data('mine').bytes()])
        const won = await takeOver(t, theirs, mine)
        child.go()
        const { code } = await child.until(({ ended }) => ended === true)
        assert.ok(!won || code !== undefined, 'both have committed the same upload')
        if (!won && code !== undefined) return t.isMissing('/dir/file')
        const content = await t.driver.getContent('/dir/file')
        assert.equal(Buffer.compare(content, won ? mine : theirs.bytes()), 0)
      })
    },
  },
  {
    id: 'purge',
    title: 'the uploads of a killed process are found and removed by purgeUploads and by delete',
    needs: 'purgeUploads',
    child: true,
    run: async (t) => {
      const { partSize } = t.settings
      const size = (HELD_BACK + 4) * partSize
      const kill = (path: string) =>
        killedAfter(t, writing(t.recipe('file', size), { path, chunk: partSize }), (child) =>
          child.until((progress) => (progress.size ?? 0) > (HELD_BACK + 1) * partSize),
        )
      await kill('/dir/file')
      await kill('/dir2/file')
      const driver = await t.reopen()
      const purged = await driver.purgeUploads('/dir', { olderThan: anyAge() })
      assert.deepEqual(
        purged.map(({ path }) => path),
        ['/dir/file'],
      )
      await driver.delete('/dir2')
      assert.deepEqual(await driver.purgeUploads('/', { olderThan: anyAge() }), [])
      assert.deepEqual(await t.walked('/', {}, driver), [])
    },
  },
])
