import assert from 'node:assert/strict'
import type { StorageDriver } from '@stowage/core'
import { area, type Case } from '../case.ts'
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
}

const TITLES: Readonly<Record<Mix, string>> = {
  files: 'parallel writes, reads and deletes of few files are as if one came after the other',
  moves: 'so are moves of files among them, which never show less than one of both names',
  directories: 'so is each file where directories are listed, walked, deleted and moved meanwhile',
}

export function historyCases(settings: HistorySettings): readonly Case[] {
  return area(
    'history',
    MIXES.map((mix) => ({
      id: mix,
      title: TITLES[mix],
      leavesUploads: true,
      patience: 4,
      run: (t: CaseContext) => rounds(t, mix, settings),
    })),
  )
}

/** Plays histories until the time is over or there were enough of them. */
async function rounds(t: CaseContext, mix: Mix, settings: HistorySettings): Promise<void> {
  const drivers = [t.driver]
  while (drivers.length < settings.instances) drivers.push(await t.reopen())
  const end = Date.now() + settings.seconds * 1000
  for (let round = 0; round < settings.rounds; round++) {
    if (round > 0 && (Date.now() > end || t.signal.aborted)) break
    await oneRound(t, drivers, { mix, round, settings })
  }
}

interface Round {
  readonly mix: Mix
  readonly round: number
  readonly settings: HistorySettings
}

async function oneRound(
  t: CaseContext,
  drivers: readonly StorageDriver[],
  { mix, round, settings: { clients, steps } }: Round,
): Promise<void> {
  const root = `/r${round}`
  const contents: Contents = { seed: t.settings.seed, partSize: t.settings.partSize }
  const planned = plan({ root, mix, clients, steps }, t.random(`${mix} ${round}`))
  const histories = await Promise.all(
    planned.map((own, client) =>
      perform(drivers[client % drivers.length] as StorageDriver, own, { client, contents }),
    ),
  )
  const files = filesOf(root, mix)
  const last = await perform(drivers.at(-1) as StorageDriver, looks(files), {
    client: clients,
    contents,
  })
  const rules: HistoryRules = {
    files,
    atomicMove: t.capabilities.atomicMove,
    lateReads: !t.capabilities.snapshotReads,
  }
  const events: Event[] = [...histories.flat(), ...last]
  const why = checkHistory(events, rules)
  if (why !== undefined) assert.fail(`round ${round} of ${mix}: ${why}`)
  await t.driver.delete(root).catch(() => {})
}

/** At the end, everything is looked at once more. */
function looks(files: readonly string[]): Step[] {
  return files.flatMap((path): Step[] => [
    { kind: 'stat', path },
    { kind: 'get', path },
  ])
}
