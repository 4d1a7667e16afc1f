import { type HeldSession, UnsupportedMethodError } from '@stowage/core/driver'
import { head } from './head.ts'
import type { Store } from './store.ts'
import { newestUploads, type Part, sessionKey, storedParts, type Upload } from './uploads.ts'

/** An upload that an earlier writer left, held for the one that goes on with it. */
export interface Resumed {
  readonly upload: Upload
  readonly parts: readonly Part[]
  readonly held: HeldSession
}

/**
 * Takes the newest unfinished upload that no writer of this process holds; undefined where a committed empty
 * file is to be continued.
 * @throws UnsupportedMethodError for other committed content, PathNotFoundError where nothing is.
 */
export async function takeNewest(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Resumed | undefined> {
  const where = { path, signal }
  const key = store.names.key(path)
  const found = await newestUploads(store, key, where)
  // One that is just beginning may be in the list before its writer knows its id.
  if (found.length > 0) await store.held.settled(path)
  const taken = await take(store, found, where)
  if (taken !== undefined) return taken
  const { ContentLength } = await head(store, key, where)
  if (ContentLength === 0) return undefined
  throw new UnsupportedMethodError({ path, detail: 'committed content cannot be appended to' })
}

/**
 * An upload without a part is passed over for an older one with parts: it may have begun by a request that came
 * late, when its sender had long begun another one. An upload that was closed has a part, if an empty one.
 */
async function take(
  store: Store,
  found: readonly Upload[],
  where: { readonly path: string; readonly signal: AbortSignal | undefined },
): Promise<Resumed | undefined> {
  const looked: Resumed[] = []
  let taken: Resumed | undefined
  try {
    for (const upload of found) {
      if (store.held.has(sessionKey(upload))) continue
      // Held before it is looked at: of two calls at once, the other one passes it over.
      const resumed = { upload, parts: [], held: store.held.hold(where.path, sessionKey(upload)) }
      looked.push(resumed)
      const parts = await storedParts(store, upload, where)
      if (parts.length === 0) continue
      taken = { ...resumed, parts: parts.filter(({ size }) => size > 0) }
      return taken
    }
    taken = looked[0]
    return taken
  } finally {
    for (const { held } of looked) if (held !== taken?.held) held.release()
  }
}
