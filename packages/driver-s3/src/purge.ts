import type { DriverPurgeOptions, UploadInfo } from '@stowage/core/driver'
import { throwErrors } from '@stowage/driver-kit'
import { pages } from './lister.ts'
import { removeUploads } from './remove-uploads.ts'
import type { Store } from './store.ts'
import { sessionKey, tailKey, tailPrefix, uploadsBeneath } from './uploads.ts'

/**
 * Removes unfinished uploads at the path and beneath it that no writer of this process holds. At the root it also removes kept tails whose
 * upload somebody else ended, a lifecycle rule of the bucket for instance.
 */
export async function* purge(
  store: Store,
  path: string,
  { olderThan, dryRun, signal }: DriverPurgeOptions,
): AsyncGenerator<UploadInfo> {
  const alive = new Set<string>()
  for await (const found of uploadsBeneath(store, path, signal)) {
    let old = found.filter(({ startedAt }) => startedAt < olderThan)
    if (old.length > 0) {
      await store.held.settled(path)
      old = old.filter((upload) => !store.held.has(sessionKey(upload)))
    }
    if (path === '/') {
      for (const upload of found) if (!old.includes(upload)) alive.add(tailKey(store, upload))
    }
    if (!dryRun && old.length > 0) {
      signal?.throwIfAborted()
      throwErrors((await removeUploads(store, old, { path, signal })).errors)
    }
    for (const { key, startedAt } of old) yield { path: store.names.pathOf(key), startedAt }
  }
  if (path === '/' && !dryRun) await purgeTails(store, alive, { olderThan, signal })
}

async function purgeTails(
  store: Store,
  alive: ReadonlySet<string>,
  { olderThan, signal }: Pick<DriverPurgeOptions, 'olderThan' | 'signal'>,
): Promise<void> {
  const request = { prefix: tailPrefix(store), path: '/', signal }
  for await (const { objects } of pages(store, request)) {
    const orphans = objects.filter(
      ({ key, modTime }) => isOld(modTime, olderThan) && !alive.has(key),
    )
    const removal = await store.trees.remover.delete(
      orphans.map(({ key }) => ({ key })),
      { path: '/', signal },
    )
    throwErrors(removal.errors)
  }
}

/** What the listing gives no time counts as new. */
function isOld(modTime: Date, olderThan: Date): boolean {
  return modTime.getTime() !== 0 && modTime < olderThan
}
