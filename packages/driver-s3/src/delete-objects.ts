import { createHash } from 'node:crypto'
import { UnsupportedMethodError } from '@stowage/core/driver'
import type { DeleteFailure, DeleteRequest, RequestContext } from '@stowage/driver-kit'
import { answerOf, factsOf, NOT_S3 } from './errors.ts'
import type { CallOptions, Store } from './store.ts'

/** The body of DeleteObjects is XML 1.0, which cannot hold these, and reads a return as a line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: other tools' keys have control characters
const NOT_IN_XML = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/

/**
 * Deletes a batch of objects with one request, and gives those that are still there.
 * @throws UnsupportedMethodError where the store does not take such a request.
 */
export async function deleteObjects(
  store: Store,
  objects: readonly DeleteRequest[],
  context: RequestContext,
): Promise<readonly DeleteFailure[]> {
  const Objects = objects
    .filter(({ key }) => !NOT_IN_XML.test(key))
    .map(({ key: Key }) => ({ Key }))
  const unnamed = objects.filter(({ key }) => NOT_IN_XML.test(key))
  if (Objects.length === 0) return unnamed
  try {
    const prepare = store.wantsDigest ? addDigest : undefined
    const input = { Delete: { Objects, Quiet: true } }
    const { Errors = [] } = await store.call('DeleteObjects', input, { ...context, prepare })
    const failed = Errors.filter(({ Code }) => Code !== 'NoSuchKey')
    return [
      ...unnamed,
      ...failed.map(({ Key: key = '', Code = '', Message: message = '' }) => {
        const facts = factsOf('DeleteObjects')
        return {
          key,
          error: store.requests.error({ Code, message }, facts, store.names.pathOf(key)),
        }
      }),
    ]
  } catch (error) {
    const { name, status } = answerOf(error)
    if (status === 501 || status === 405 || name === NOT_S3) throw noBatches(error)
    const isRefused = status === 400 && /MD5|Digest|Checksum|InvalidRequest|Argument/.test(name)
    if (!isRefused) throw error
    if (store.wantsDigest) throw noBatches(error)
    store.wantsDigest = true
    return deleteObjects(store, objects, context)
  }
}

function noBatches(cause: unknown): UnsupportedMethodError {
  return new UnsupportedMethodError({ detail: 'the store has no DeleteObjects', cause })
}

/** Older stores insist on the Content-MD5 that the SDK sends no more. */
function addDigest({ middlewareStack }: Parameters<NonNullable<CallOptions['prepare']>>[0]): void {
  middlewareStack.add(
    (next) => async (args) => {
      const { request } = args as { request: { body?: string; headers: Record<string, string> } }
      const digest = createHash('md5')
        .update(request.body ?? '')
        .digest('base64')
      request.headers['content-md5'] = digest
      return next(args)
    },
    { step: 'build', name: 'stowageContentMD5', priority: 'low' },
  )
}
