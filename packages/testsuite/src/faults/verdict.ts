import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { StorageErrorCode, StorageErrors } from '@stowage/core'
import { anyAge, empty } from '../context.ts'
import { assertStorageError } from '../expect-error.ts'
import type { Attempt } from './attempt.ts'
import type { Point } from './points.ts'
import { line, type Tree } from './tree.ts'
import { until, type World } from './world.ts'

/** How long an operation that has failed is watched for what it might still do. */
const AFTERWARDS_MS = 40
/** How long what is over may take to go away, in looks. */
const SETTLE_MS = 30_000

/** What an error may say where the network or the server is at fault. */
const CODES: readonly StorageErrorCode[] = ['UNAVAILABLE', 'THROTTLED', 'CONTENT', 'MULTIPLE']

/**
 * Everything that must hold after the operation, whatever happened to it: what is visible, what is left
 * of uploads, connections and listeners.
 */
export async function judge(world: World, attempt: Attempt, point?: Point): Promise<void> {
  const { operation, kept, direct } = world
  const { outcome, moot } = attempt
  // What is over does nothing any more: a moment is given to what does not keep to that.
  if (outcome.status === 'failed' || outcome.status === 'aborted') await wait(AFTERWARDS_MS)
  await world.proxy.settled()
  if (outcome.status === 'done') operation.check?.(world.stage(), outcome.value)
  if (outcome.status === 'failed' || (moot && outcome.status === 'aborted' && outcome.error)) {
    assertHonest(outcome.error, world)
  }
  const tree = await world.tree()
  const applied = point?.applied === true
  assertTree(world, attempt, { tree, applied })
  const stage = world.stage(point?.kind === 'abort' ? world.abort.signal : undefined)
  const uploads = (): Promise<string[]> => world.uploads()
  const ending = { ...stage, direct, outcome, kept, tree, applied, uploads }
  const final = (await operation.finish?.(ending)) ?? tree
  await nothingRuns(world, isPublished(world, attempt))
  assert.equal(line(await world.tree()), line(final), 'what is visible at the end')
  await nothingIsLeft(world)
}

/** The error says what is the matter: "I could not tell" is never "not found", and it may be tried again. */
function assertHonest(error: unknown, { driver }: World): void {
  assertStorageError(error, CODES, { driver })
  const { errors = [error] } = error as StorageErrors
  for (const one of errors) {
    assertStorageError(one, CODES, { driver })
    const { retryable, code } = one as { retryable: boolean; code: string }
    assert.ok(retryable || code === 'CONTENT', `${String(one)} says that it is not retryable`)
  }
}

function assertTree(
  world: World,
  { outcome, atAbort, moot }: Attempt,
  { tree, applied }: { tree: Tree; applied: boolean },
): void {
  const { operation, before } = world
  const after = operation.after ?? before
  const allowed: Tree[] = []
  if (outcome.status === 'done') allowed.push(after)
  if (outcome.status === 'failed') allowed.push(before, ...(applied ? [after] : []))
  if (outcome.status === 'killed') allowed.push(before, after)
  if (outcome.status === 'aborted') {
    // What moves or deletes was not looked at then: its last request may have been carried out.
    const over = moot || (applied && operation.partial !== undefined)
    allowed.push(atAbort ?? before, ...(over ? [after] : []))
  }
  const partly = outcome.status !== 'done' && operation.partial?.(tree) === true
  if (partly || allowed.some((one) => line(one) === line(tree))) return
  const error = 'error' in outcome && outcome.error ? ` with ${String(outcome.error)}` : ''
  const wanted = [...new Set(allowed.map(line))].join('\n  or  ')
  assert.fail(`it ${outcome.status}${error}, and visible is\n      ${line(tree)}\n  not ${wanted}`)
}

/** Whether all was done when the signal was aborted, but for what is cleaned up after it. */
function isPublished({ operation, before }: World, { atAbort }: Attempt): boolean {
  const { after = before } = operation
  return atAbort !== undefined && line(after) !== line(before) && line(atAbort) === line(after)
}

/**
 * No request is under way, no connection and no listener stays.
 * @param cleansUp whether a request of that may be under way, which no signal ends.
 */
async function nothingRuns(
  { proxy, driver, abort, settings }: World,
  cleansUp: boolean,
): Promise<void> {
  const settle = SETTLE_MS * settings.patience
  if (!cleansUp) {
    await until(
      settings.idleTimeoutMs * settings.attempts + settle,
      () => `${proxy.busy} requests are still under way`,
      () => proxy.busy === 0,
    )
  }
  const listeners = (): number => getEventListeners(abort.signal, 'abort').length
  await until(
    settle,
    () => `${listeners()} listeners are left on the signal`,
    () => listeners() === 0,
  )
  await driver.close()
  let open = 0
  await until(
    settle,
    () => `${open} connections of the closed driver are open`,
    async () => {
      open = await proxy.connections()
      return open === 0
    },
  )
  await proxy.settled()
}

/** Once uploads are purged and files deleted, the backend holds nothing. */
async function nothingIsLeft(world: World): Promise<void> {
  const { direct, settings, storage } = world
  if (direct.capabilities.purgeUploads) await direct.purgeUploads('/', { olderThan: anyAge() })
  assert.deepEqual(await world.uploads(), [], 'uploads are left after they were purged')
  await empty(direct)
  let left: readonly string[] = []
  await until(
    SETTLE_MS * settings.patience,
    () => `the backend holds, of what the driver can no longer see: ${left.join(', ')}`,
    async () => {
      left = (await settings.leftovers?.(storage)) ?? []
      return left.length === 0
    },
  )
}
