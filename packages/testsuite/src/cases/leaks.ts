import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { area, type Case } from '../case.ts'
import type { CaseContext } from '../context.ts'

const WARM_UP = 20
/** What leaks once in three rounds is above the slack in quick size too. */
const ROUNDS = { quick: 75, full: 300 } as const
/** What may come and go by itself meanwhile: a socket of a pool, a timer of the runner. */
const SLACK = 20

/** What the process holds: open files and sockets where it can be seen, timers and requests. */
async function held(): Promise<number> {
  const files = await readdir('/proc/self/fd').catch(() => [])
  return files.length + process.getActiveResourcesInfo().length
}

/** Many rounds hold no more than a few. */
async function leaksNothing(t: CaseContext, round: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < WARM_UP; i++) await round(i)
  const before = await held()
  const rounds = ROUNDS[t.settings.size]
  for (let i = 0; i < rounds; i++) await round(i)
  let now = 0
  await t
    .eventually('everything is freed', async () => {
      now = await held()
      return now <= before + SLACK
    })
    .catch(() => assert.fail(`${now} handles instead of ${before} after ${rounds} rounds`))
}

export const leaks: readonly Case[] = area('leaks', [
  {
    id: 'readers',
    title: 'readers that are destroyed before, while and after they are read hold nothing',
    alone: true,
    run: async (t) => {
      await t.commit('/file', t.data('/file', 300_000))
      await leaksNothing(t, async (i) => {
        const stream = await t.driver.reader('/file', { offset: i })
        if (i % 3 === 0) stream.destroy()
        else {
          for await (const _ of stream) if (i % 3 === 1) break
        }
      })
    },
  },
  {
    id: 'writers',
    title: 'writers that are closed, cancelled, aborted or committed hold nothing',
    alone: true,
    leavesUploads: true,
    run: (t) =>
      leaksNothing(t, async (i) => {
        const control = new AbortController()
        const writer = await t.driver.writer('/d/file', { signal: control.signal })
        await writer.write(Buffer.from('some bytes'))
        if (i % 20 === 0) await writer.commit()
        else if (i % 20 === 1) await writer.close()
        else if (i % 2 === 0) await writer.cancel()
        else {
          control.abort()
          await writer.close()
        }
      }),
  },
  {
    id: 'iterations',
    title: 'lists and walks that are left early hold nothing',
    alone: true,
    run: async (t) => {
      await t.putAll(Array.from({ length: t.settings.pageSize + 5 }, (_, i) => `/d/${i % 3}/f${i}`))
      await leaksNothing(t, async (i) => {
        if (i % 2) for await (const _ of t.driver.list('/d/1')) break
        else for await (const _ of t.driver.walk('/')) break
      })
    },
  },
  {
    id: 'burst',
    title: 'a burst of readers and writers that are given up leaves the driver as it was',
    alone: true,
    run: async (t) => {
      const data = t.data('/file', 4 * t.settings.partSize)
      await t.commit('/file', data)
      const read = async (): Promise<void> => {
        const stream = await t.driver.reader('/file')
        stream.destroy()
      }
      const write = async (): Promise<void> => {
        await (await t.begin('/file', t.data('other', t.settings.partSize + 1))).cancel()
      }
      await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? write() : read())))
      // A connection that was not given back would be missing now.
      const small = await t.put('/small')
      await Promise.all(Array.from({ length: 20 }, () => t.holds('/small', small)))
      await t.holds('/file', data)
    },
  },
  {
    id: 'failures',
    title: 'failed calls hold nothing',
    alone: true,
    run: async (t) => {
      await t.put('/file')
      await leaksNothing(t, async () => {
        const calls = [
          t.driver.reader('/none'),
          t.driver.reader('/file', { offset: 33 }),
          t.driver.getContent('/none'),
          t.driver.stat('/none'),
        ]
        for (const outcome of await Promise.allSettled(calls)) {
          assert.equal(outcome.status, 'rejected')
        }
      })
    },
  },
])
