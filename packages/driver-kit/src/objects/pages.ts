import { DriverError } from '@stowage/core/driver'
import { PageGuard } from '../pages.ts'
import type { ListPage, ListRequest, ObjectBackend, RequestContext } from './backend.ts'

/** What a listing needs of a backend. */
export type ListBackend = Pick<ObjectBackend, 'names' | 'list' | 'listing'>

/**
 * The pages of a listing, each requested when it is asked for, and checked before it is believed. A limit counts for
 * the first one only.
 * @throws DriverError where a page says "more" and does not lead on, or has an entry that was not asked for.
 */
export async function* listPages(
  backend: Pick<ListBackend, 'list' | 'listing'>,
  request: ListRequest,
  context: RequestContext,
): AsyncGenerator<ListPage> {
  const { prefix, delimiter, unfinished } = request
  const { operation = 'list' } = backend.listing
  const guard = new PageGuard({ operation, path: context.path, prefix })
  let next = request
  for (;;) {
    const page = await backend.list(next, context)
    guard.objects(page.objects)
    for (const key of page.prefixes) guard.entry(key)
    if (delimiter === undefined && page.prefixes.length > 0) {
      // Files beneath them are then in no page.
      const text = 'the listing has directories and was to have files only'
      throw new DriverError(`${operation}: ${text}`, { path: context.path })
    }
    const token = guard.next(page.more, page.token)
    yield page
    if (token === undefined) return
    next = { prefix, delimiter, unfinished, token }
  }
}
