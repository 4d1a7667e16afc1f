import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Capabilities, StorageDriver } from '@stowage/core'
import type { Case } from './case.ts'
import { anyAge, CaseContext, empty } from './context.ts'
import type { CaseResult, Settings } from './options.ts'
import { comesTrue, within } from './patience.ts'

/** How many times the limit a case of the full size may take. */
const FULL_FACTOR = 10
/** How long each step of the clean-up may take, and how many there are. */
const CLEANUP_MS = 60_000
const CLEANUPS = 4
/** How long leftovers may take to go away by themselves, in looks. */
const SETTLE_MS = 20_000

/** Time that a case may take, its clean-up not included. */
function limitOf({ timeoutMs }: Settings, { size, patience = 1 }: Case): number {
  return timeoutMs * (size === 'full' ? FULL_FACTOR : patience)
}

/** The most that {@link runCase} takes: for the runner's own limit. */
export function longest(settings: Settings, one: Case): number {
  return settings.timeoutMs + limitOf(settings, one) + CLEANUPS * CLEANUP_MS * settings.patience
}

/** Why the case is not run, as far as the options tell. */
export function skipReason(settings: Settings, one: Case): string | undefined {
  const given = Object.hasOwn(settings.skip, one.id) ? settings.skip[one.id] : undefined
  if (given !== undefined) return given
  if (one.size === 'full' && settings.size !== 'full') return 'only in full size'
  if (one.child && settings.child === undefined) return 'needs the option "child"'
  return settings.capabilities && notApplicable(settings.capabilities, one)
}

/** Runs one case on a storage of its own and removes that. It never rejects. */
export async function runCase(settings: Settings, one: Case): Promise<CaseResult> {
  const { id, area, title } = one
  const start = performance.now()
  const result = (rest: Pick<CaseResult, 'status' | 'reason' | 'error'>): CaseResult => ({
    id,
    area,
    title,
    ...rest,
    ms: Math.round(performance.now() - start),
  })
  const reason = skipReason(settings, one)
  if (reason !== undefined) return result({ status: 'skipped', reason })
  try {
    const notApplicable = await attempt(settings, one)
    if (notApplicable !== undefined) return result({ status: 'skipped', reason: notApplicable })
    return result({ status: 'passed' })
  } catch (error) {
    return result({ status: 'failed', error: explained(error, settings, one) })
  }
}

/** Runs it, and gives the reason where the driver's capabilities make it pointless. */
async function attempt(settings: Settings, one: Case): Promise<string | undefined> {
  const storage = `s${randomBytes(5).toString('hex')}-${one.id}`
  const abort = new AbortController()
  const driver = await opened(settings, storage)
  const cleanUpMs = CLEANUP_MS * settings.patience
  const about = { label: one.id, storage, signal: abort.signal }
  const context = new CaseContext(settings, driver, about)
  try {
    const reason = notApplicable(driver.capabilities, one)
    if (reason !== undefined) return reason
    await within(limitOf(settings, one), 'the case', one.run(context))
    await within(cleanUpMs, 'the look for leftovers', noLeftovers(context, one))
    return undefined
  } finally {
    abort.abort()
    // What fails here has failed before, or it is the backend's to tell: the case's result stands.
    for (const step of [empties, closes, removes]) {
      await within(cleanUpMs, 'the clean-up', step(context)).catch(() => {})
    }
  }
}

/** Opens it. An instance that comes too late is closed: nobody waits for it any more. */
async function opened(settings: Settings, storage: string): Promise<StorageDriver> {
  const opening = (async () => settings.open(storage))()
  try {
    return await within(settings.timeoutMs, 'open', opening)
  } catch (error) {
    opening.then((driver) => driver.close()).catch(() => {})
    throw error
  }
}

function notApplicable(capabilities: Partial<Capabilities>, one: Case): string | undefined {
  if (one.needs !== undefined && !capabilities[one.needs]) {
    return `the driver does not declare "${one.needs}"`
  }
  if (one.unless !== undefined && capabilities[one.unless]) {
    return `the driver declares "${one.unless}"`
  }
  return undefined
}

/** After a case, no upload is left behind but those it is about. */
async function noLeftovers(t: CaseContext, one: Case): Promise<void> {
  if (one.leavesUploads || !t.capabilities.purgeUploads) return
  let left: readonly string[] = []
  const gone = await comesTrue(SETTLE_MS * t.settings.patience, async () => {
    const found = await t.driver.purgeUploads('/', { dryRun: true, olderThan: anyAge() })
    left = found.map(({ path }) => path)
    return left.length === 0
  })
  assert.ok(gone, `uploads left behind at ${left}`)
}

/** Ends what a case has left open and empties what it has filled. */
async function empties(t: CaseContext): Promise<void> {
  await Promise.all(t.opened.map(({ made }) => made.release()))
  if (t.settings.remove !== undefined) return
  for (const storage of t.storages) await empty(await t.instanceOn(storage))
}

/** Closes every instance: one that stays open can keep a process alive. */
async function closes(t: CaseContext): Promise<void> {
  await Promise.allSettled(t.opened.map(({ made }) => made.driver.close()))
}

async function removes(t: CaseContext): Promise<void> {
  for (const storage of t.storages) await t.settings.remove?.(storage)
}

/** The error with what a reader needs to see it again. */
function explained(error: unknown, { name, seed }: Settings, one: Case): Error {
  const { message, stack } = error as Partial<Error>
  const text = `${message ?? String(error)}\n\n  case ${one.id} of ${name}; to replay it: STOWAGE_SUITE_SEED=${seed} and only the tests with ${one.id} in their names`
  const made = new Error(text, { cause: error })
  const frames = stack?.slice(stack.indexOf('\n    at ')) ?? ''
  made.stack = `Error: ${text}${frames.startsWith('\n    at ') ? frames : ''}`
  return made
}
