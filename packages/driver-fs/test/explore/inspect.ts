import { existsSync, readdirSync } from 'node:fs'
import { isStorageError, type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { FsDriver } from '../../src/driver.ts'
import { parse } from '../../src/parameters.ts'
import { nameOf, type Scenario, type Tree } from './scenarios.ts'

/** What has happened to the process or the machine. */
type Crash = 'kill' | 'power'

export interface Moment {
  readonly crash: Crash
  /** Steps that had succeeded. The next one was under way, if there is one. */
  readonly done: number
  /** Names were not flushed: what succeeded may be undone, never torn. */
  readonly namesMayBeLost?: boolean
}

/** What the storage has to be after the first steps of a scenario. */
interface State {
  readonly tree: Tree
  readonly kept: number
}

function states(scenario: Scenario, crash: Crash): State[] {
  const all: State[] = [{ tree: scenario.before, kept: scenario.kept ?? 0 }]
  let { tree } = all[0] as State
  for (const step of scenario.steps()) {
    tree = step.tree ?? tree
    const kept = Math.max(step.kept ?? 0, crash === 'kill' ? (step.passedOn ?? 0) : 0)
    all.push({ tree, kept })
  }
  return all
}

function isSame(a: Tree, b: Tree): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

/**
 * Looks at what a crash has left, as a new process: content is old or new, uploads continue with every byte that
 * is certain, nothing of staging shows, a purge removes it all. The storage is no longer the same afterwards.
 * @throws an error that names what is wrong.
 */
export async function inspect(root: string, scenario: Scenario, moment: Moment): Promise<void> {
  const storage = toStorageDriver(
    new FsDriver(parse({ rootDirectory: root, durability: 'none', chunkSize: 16_384 })),
  )
  const tree = await look(storage)
  const kept = demand(scenario, moment, tree)
  if (scenario.session) await continueAll(storage, scenario.session, kept)
  await storage.purgeUploads('/', { olderThan: new Date(Date.now() + 60_000) })
  await storage.putContent('/probe/after', 'the crash')
  await storage.delete('/probe')
  await storage.close()
  const left = existsSync(root) ? readdirSync(root, { recursive: true }).map(String) : []
  // Without flushed names, the mark that leads to a copy beyond a mount may be lost.
  const place = moment.namesMayBeLost ? /^\.stowage/ : /\.stowage/
  const hidden = left.filter((name) => place.test(name))
  if (hidden.length > 0) throw new Error(`a purge leaves ${hidden.join(', ')}`)
}

/** Every file that callers see with its content. */
async function look(storage: StorageDriver): Promise<Tree> {
  const tree: Record<string, string> = {}
  for await (const { path, isDir } of storage.walk('/')) {
    if (path.includes('.stowage')) throw new Error(`staging shows: ${path}`)
    if (!isDir) tree[path] = nameOf(Buffer.from(await storage.getContent(path)))
  }
  for await (const path of storage.list('/')) {
    if (!Object.keys(tree).some((file) => file === path || file.startsWith(`${path}/`))) {
      throw new Error(`a directory without files shows: ${path}`)
    }
  }
  return tree
}

/** Bytes of an upload that have to be there. @throws where the tree is none that is allowed. */
function demand(scenario: Scenario, moment: Moment, tree: Tree): number {
  const { done, crash } = moment
  const all = states(scenario, crash)
  const steps = scenario.steps()
  const before = all[done] as State
  const after = all[done + 1]
  if (isSame(tree, before.tree)) {
    const next = steps[done]
    // An upload that a commit may have ended is committed then, or it is still one.
    return next?.ends || moment.namesMayBeLost ? 0 : before.kept
  }
  if (after && isSame(tree, after.tree)) return after.kept
  const isLast = done >= steps.length - 1
  const underWay = done < steps.length || (scenario.mayBeUndone && crash === 'power')
  if (isLast && underWay && scenario.during?.(tree)) return 0
  if (moment.namesMayBeLost && all.slice(0, done + 1).some((state) => isSame(state.tree, tree)))
    return 0
  if (scenario.mayBeUndone && crash === 'power' && isSame(tree, scenario.before)) return 0
  throw new Error(`callers see ${JSON.stringify(tree)}`)
}

/** Continues and commits every upload of the path: each has to be a beginning of the content. */
async function continueAll(
  storage: StorageDriver,
  { path, content }: NonNullable<Scenario['session']>,
  kept: number,
): Promise<void> {
  let first: number | undefined
  for (;;) {
    const writer = await storage.writer(path, { append: true }).catch((error: unknown) => {
      const none = isStorageError(error, 'PATH_NOT_FOUND')
      if (none || isStorageError(error, 'UNSUPPORTED_METHOD')) return undefined
      throw error
    })
    if (writer === undefined) break
    first ??= writer.size
    if (writer.size > content.length) throw new Error(`an upload has ${writer.size} bytes`)
    await writer.write(content.subarray(writer.size))
    await writer.commit()
    const name = nameOf(Buffer.from(await storage.getContent(path)))
    if (name !== nameOf(content)) throw new Error(`an upload continues as ${name}`)
  }
  if ((first ?? 0) < kept) throw new Error(`${kept} bytes of an upload were certain, not ${first}`)
}
