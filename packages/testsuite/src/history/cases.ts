import assert from 'node:assert/strict'
import type { StorageDriver } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { WorkingChild } from '../child-process.ts'
import type { CaseContext } from '../context.ts'
import { checkHistory, type HistoryRules } from './check.ts'
import { type Contents, perform } from './client.ts'
import { filesOf, MIXES, type Mix, plan } from './plan.ts'
import type { Event, Step } from './step.ts'

/** What a history suite is made of. */
export interface HistorySettings {
  readonly clients: number
  readonly steps: number
  readonly instances: number
  readonly seconds: number
  readonly rounds: number
  /** Histories that processes play. */
  readonly processRounds: number
}

const TITLES: Readonly<Record<Mix, string>> = {
  files: 'parallel writes, reads and deletes of few files are as if one came after the other',
  moves: 'so are moves of files among them, which never show less than one of both names',
  directories: 'so is each file where directories are listed, walked, deleted and moved meanwhile',
}

export function historyCases(settings: HistorySettings): readonly Case[] {
  return area('history', [
    ...MIXES.map((mix) => ({
      id: mix,
      title: TITLES[mix],
      leavesUploads: true,
      patience: 4,
      run: (t: CaseContext) => inThisProcess(t, mix, settings),
    })),
    {
      id: 'processes',
      title: 'all of that is so for several processes',
      leavesUploads: true,
      child: true,
      needs: 'persistent',
      patience: 4,
      run: (t: CaseContext) => inProcesses(t, settings),
    },
  ])
}

/** Plays histories until the time is over or there were enough of them. */
async function inThisProcess(t: CaseContext, mix: Mix, settings: HistorySettings): Promise<void> {
  const drivers = [t.driver]
  while (drivers.length < settings.instances) drivers.push(await t.reopen())
  const contents = contentsOf(t)
  const end = Date.now() + settings.seconds * 1000
  for (let round = 0; round < settings.rounds; round++) {
    if (round > 0 && (Date.now() > end || t.signal.aborted)) break
    const histories = await Promise.all(
      planned(t, { mix, round, settings }).map((steps, client) => {
        const driver = drivers[client % drivers.length] as StorageDriver
        return perform(driver, steps, { client, contents })
      }),
    )
    await check(t, drivers.at(-1) as StorageDriver, { mix, round, settings }, histories.flat())
  }
}

/** The same for clients that are processes: one mixture after the other. */
async function inProcesses(t: CaseContext, settings: HistorySettings): Promise<void> {
  const all = Array.from({ length: settings.processRounds }, (_, round) => {
    return { mix: MIXES[round % MIXES.length] as Mix, round, settings }
  })
  const plans = all.map((round) => planned(t, round))
  const options = t.settings.child
  assert.ok(options, 'the option "child"')
  const children = Array.from({ length: settings.clients }, (_, client) => {
    const rounds = plans.map((one) => one[client] ?? [])
    const job = { kind: 'history', client, rounds, contents: contentsOf(t) } as const
    return new WorkingChild(options, t.storage, job, t.signal)
  })
  try {
    await Promise.all(children.map((child) => child.until(({ step }) => step === 0)))
    for (const [index, round] of all.entries()) {
      for (const child of children) child.go()
      const told = await Promise.all(
        children.map((child) => child.until(({ step }) => step === index + 1)),
      )
      const events = told.flatMap((one) => one.events ?? [])
      await check(t, t.driver, round, events)
    }
  } finally {
    await Promise.all(children.map((child) => child.kill()))
  }
}

interface Round {
  readonly mix: Mix
  readonly round: number
  readonly settings: HistorySettings
}

function contentsOf({ settings: { seed, partSize } }: CaseContext): Contents {
  return { seed, partSize }
}

function planned(t: CaseContext, { mix, round, settings: { clients, steps } }: Round): Step[][] {
  return plan({ root: `/r${round}`, mix, clients, steps }, t.random(`${mix} ${round}`))
}

/** Looks at everything once more, by that instance, and then at the whole history. */
async function check(
  t: CaseContext,
  driver: StorageDriver,
  { mix, round, settings: { clients } }: Round,
  histories: readonly Event[],
): Promise<void> {
  const root = `/r${round}`
  const files = filesOf(root, mix)
  const about = { client: clients, contents: contentsOf(t) }
  const last = await perform(driver, looks(files), about)
  const rules: HistoryRules = {
    files,
    atomicMove: t.capabilities.atomicMove,
    lateReads: !t.capabilities.snapshotReads,
  }
  const why = checkHistory([...histories, ...last], rules)
  if (why !== undefined) assert.fail(`round ${round} of ${mix}: ${why}`)
  await t.driver.delete(root).catch(() => {})
}

function looks(files: readonly string[]): Step[] {
  return files.flatMap((path): Step[] => [
    { kind: 'stat', path },
    { kind: 'get', path },
  ])
}
