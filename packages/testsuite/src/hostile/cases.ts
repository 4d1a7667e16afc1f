import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import type { CaseContext } from '../context.ts'
import { batches, fairShare, oneSpelling } from './batches.ts'
import { foreignKeys } from './foreign.ts'
import type { HostileSettings } from './options.ts'
import { hostilePaths, isContractPath } from './paths.ts'
import { refuseAll } from './refused.ts'
import { isApart, roundTrip } from './round-trip.ts'
import { quoted } from './show.ts'

/** Files that nothing may happen to. Their names begin like those of the corpus. */
const NEIGHBOURS = ['/neighbour', '/neighbours/a', '/neighbours/b/c', '/dir-neighbour']
/** Calls that each path is handed to which is none; in full size all. */
const CALLS = 3

export function hostileCases(settings: HostileSettings): readonly Case[] {
  return area('hostile', [
    {
      id: 'refused',
      title: `of ${settings.count} hostile paths, those that are none are refused by every call, and nothing happens`,
      patience: 4,
      run: (t) => untouched(t, settings, (all) => refused(t, all)),
    },
    {
      id: 'stored',
      title: 'every other one is kept under that very name, or refused before anything happens',
      patience: 10,
      run: (t) => untouched(t, settings, (all) => stored(t, settings, all)),
    },
    ...(settings.behind?.put === undefined ? [] : [foreignCase(settings)]),
  ])
}

function foreignCase(settings: HostileSettings) {
  return {
    id: 'foreign-keys',
    title: 'keys that other tools have left never appear as what they are not, and hinder nobody',
    patience: 4,
    run: (t: CaseContext) => foreignKeys(t, settings),
  }
}

type Paths = ReturnType<typeof hostilePaths>

async function refused(t: CaseContext, all: Paths): Promise<void> {
  const perPath = t.settings.size === 'full' ? Number.POSITIVE_INFINITY : CALLS
  const none = all.filter(({ path }) => !isContractPath(path))
  assert.ok(none.length > 0, 'the corpus holds what is no path')
  await refuseAll(t, none, perPath)
}

async function stored(t: CaseContext, settings: HostileSettings, all: Paths): Promise<void> {
  const fitting = all.filter(({ path }) => isApart(path, NEIGHBOURS) && !settings.except(path))
  const different = oneSpelling(fitting, t.capabilities)
  const chosen = fairShare(different, settings.stored)
  let kept = 0
  for (const batch of batches(chosen)) kept += await roundTrip(t, batch, NEIGHBOURS)
  assert.ok(kept > 0, 'some of them are kept')
}

/** Runs it between neighbours, and looks that neither they nor anything outside has changed. */
async function untouched(
  t: CaseContext,
  { count, behind }: HostileSettings,
  run: (all: Paths) => Promise<void>,
): Promise<void> {
  await t.putAll(NEIGHBOURS)
  const outside = async (): Promise<string[]> => {
    const root = behind?.root(t.storage) ?? ''
    // A copy: the array may be one of another realm.
    return [...((await behind?.keys()) ?? [])].filter((key) => !key.startsWith(root))
  }
  const before = await outside()
  await run(hostilePaths(t.settings.seed, count))
  const after = await outside()
  const come = after.filter((key) => !before.includes(key)).map(quoted)
  const gone = before.filter((key) => !after.includes(key)).map(quoted)
  assert.deepEqual({ come, gone }, { come: [], gone: [] }, 'outside of the root')
  for (const path of NEIGHBOURS) await t.holds(path, t.data(path))
}
