// Runs every saboteur through the whole suite and writes down which case kills which: docs/kill-matrix.md for people,
// killers.json for the test, as a hint where to look first. Several minutes: `npm run pnpm -- --filter @stowage-internal/saboteurs matrix`.
// With `--continue` only those saboteurs are tried that killers.json does not know or that nothing found.

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { suiteCases } from '@stowage/testsuite'
import { patient } from '@stowage-internal/jest-preset/patience'
import { saboteurs } from './index.ts'
import { isKill, isWorthIt, trial } from './proof.ts'
import { reasons } from './reasons.ts'

/** Saboteurs for one process, and the time it may take: one that never lets a timer run is ended from outside. */
const BATCH = 5
const BATCH_MS = patient(30 * 60_000)

/** The cases that kill a saboteur, by its id. */
type Kills = Record<string, string[]>

/** A process of its own for some saboteurs: what they leave running ends with it. */
async function killsOf(ids: readonly string[]): Promise<Kills> {
  const flags = [...process.execArgv, import.meta.filename, ...ids]
  const limits = { maxBuffer: 2 ** 26, timeout: BATCH_MS, killSignal: 'SIGKILL' } as const
  const { stdout } = await promisify(execFile)(process.execPath, flags, limits)
  return JSON.parse(stdout) as Kills
}

async function work(queue: string[], kills: Kills): Promise<void> {
  while (queue.length > 0) {
    const found = await killsOf(queue.splice(0, BATCH))
    Object.assign(kills, found)
    write('killers.json', `${JSON.stringify(inOrder(kills), null, 2)}\n`)
    for (const id of Object.keys(found)) {
      if (found[id]?.length === 0) process.stderr.write(`${id} survives\n`)
    }
    process.stderr.write(`${queue.length} to go\n`)
  }
}

function page(kills: Kills): string {
  const dead = saboteurs.filter(({ id }) => (kills[id]?.length ?? 0) > 0).length
  const killing = new Set(Object.values(kills).flat())
  const idle = suiteCases.filter(({ id }) => !killing.has(id))
  const rows = saboteurs.map(
    ({ id, breaks }) => `| ${id} | ${breaks} | ${brief(kills[id] ?? [])} |`,
  )
  return [
    '# Which case kills which saboteur',
    '',
    'Each saboteur is a driver that is broken in one way (`internal/saboteurs`). The suite is right if it finds every one, and if every',
    'case finds at least one. This page is written by `npm run pnpm -- --filter @stowage-internal/saboteurs matrix`; `npm test` tries',
    'three of each area again, and with `STOWAGE_SUITE_SIZE=full` all: each is found, and each case finds one.',
    '',
    `${dead} of ${saboteurs.length} saboteurs are found; ${killing.size} of ${suiteCases.length} cases find at least one.`,
    '',
    '| saboteur | what it breaks | cases that find it |',
    '|---|---|---|',
    ...rows,
    '',
    '## Cases that find nothing',
    '',
    ...idle.map(
      ({ id, title }) => `- \`${id}\` (${title}): ${reasons[id] ?? 'no reason is known'}`,
    ),
    '',
  ].join('\n')
}

/** The first few by name, and how many more. */
function brief(cases: readonly string[]): string {
  const MOST = 12
  const names = cases.slice(0, MOST).map((id) => `\`${id}\``)
  const more = cases.length > MOST ? [`and ${cases.length - MOST} more`] : []
  return [...names, ...more].join(', ') || '**none**'
}

async function main(known: Kills): Promise<void> {
  const kills: Kills = { ...known }
  const queue = saboteurs.map(({ id }) => id).filter((id) => !known[id]?.length)
  const workers = Array.from({ length: availableParallelism() }, () => work(queue, kills))
  await Promise.all(workers)
  write('../../../docs/kill-matrix.md', page(kills))
}

function read(file: string): Kills {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Kills
}

function inOrder(kills: Kills): Kills {
  return Object.fromEntries(saboteurs.map(({ id }) => [id, kills[id] ?? []]))
}

function write(file: string, text: string): void {
  writeFileSync(new URL(file, import.meta.url), text)
}

async function child(ids: readonly string[]): Promise<void> {
  const kills: Kills = {}
  for (const saboteur of saboteurs.filter(({ id }) => ids.includes(id))) {
    const results = await trial(saboteur, { only: (info) => isWorthIt(info, saboteur) })
    kills[saboteur.id] = results.filter(isKill).map(({ id }) => id)
  }
  // What a saboteur has left running is not waited for.
  process.stdout.write(JSON.stringify(kills), () => process.exit(0))
}

const ids = process.argv.slice(2)
if (ids.length === 0) await main({})
else if (ids[0] === '--continue') await main(read('killers.json'))
else await child(ids)
