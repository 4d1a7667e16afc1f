import { ContentError, RevisionChangedError } from '@stowage/core/driver'
import type { ObjectBackend, ObjectInfo, RequestContext } from './backend.ts'
import { headIfThere } from './beneath.ts'

/**
 * Copies one revision of an object within the store, and compares the copy with it before this resolves.
 * @throws PathNotFoundError where the source is gone; RevisionChangedError where somebody has replaced one of the two
 *   meanwhile; ContentError where the copy is not what the source was.
 */
export async function copyAndCompare(
  backend: Pick<ObjectBackend, 'copy' | 'head'>,
  source: ObjectInfo,
  key: string,
  context: RequestContext,
): Promise<void> {
  const { path, signal } = context
  signal?.throwIfAborted()
  const made = await backend.copy(source, key, {}, context)
  const changed = (what: string): Error =>
    new RevisionChangedError(`${what} during the move: the source stays`, { path })
  const copy = made.size === undefined ? await headIfThere(backend, key, context) : made
  if (copy === undefined) throw changed('the copy was removed')
  if (copy.size === source.size) return
  // Another revision: the copy was replaced already, by somebody who came later.
  if (made.revision !== undefined && copy.revision !== made.revision) return
  // Some stores copy the newest revision, whichever was asked for.
  const now = await headIfThere(backend, source.key, context)
  if (now?.revision !== source.revision) throw changed('the source was replaced')
  const sizes = `${copy.size} bytes instead of ${source.size}`
  throw new ContentError(`the copy has ${sizes}: the source stays`, { path })
}
