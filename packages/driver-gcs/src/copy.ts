import type { ObjectInfo, PutResult, RequestContext } from '@stowage/driver-kit'
import { PageGuard, parseSize } from '@stowage/driver-kit'
import type { Api } from './api.ts'
import { isConditionFailure } from './errors.ts'
import { mustBeChanged } from './objects.ts'
import type { Document } from './request.ts'

/**
 * Copies one generation of an object within the service, which may take it several requests. Content type and
 * metadata come along.
 */
export async function copyObject(
  api: Api,
  { key: source, revision: generation }: ObjectInfo,
  key: string,
  { path, signal }: RequestContext,
): Promise<PutResult> {
  const { bucket } = api.settings
  const to = `/rewriteTo/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}`
  const guard = new PageGuard({ operation: 'objects.rewrite', path })
  let rewriteToken: string | undefined
  let answer: Document['document']
  do {
    signal?.throwIfAborted()
    const query = {
      ...{ ifSourceGenerationMatch: generation, rewriteToken },
      fields: 'done,rewriteToken,totalBytesRewritten,objectSize',
    }
    const request = {
      method: 'POST',
      ...{ operation: 'objects.rewrite', path, signal, keyed: true },
      url: api.url('/storage/v1', source, query).replace(/\?/, `${to}?`),
      ...{ headers: { 'content-type': 'application/json' }, body: '' },
    } as const
    const { document } = await api.document(request).catch(async (error: unknown) => {
      if (!isConditionFailure(error)) throw error
      await mustBeChanged(api, { key: source, generation, cause: error }, { path, signal })
      throw error
    })
    answer = document
    rewriteToken = nextStep(document, guard)
  } while (rewriteToken !== undefined)
  return { size: parseSize(answer.objectSize) }
}

/** Only what the service calls done is done: the source goes afterwards. Its token may stay while bytes advance. */
function nextStep(document: Document['document'], guard: PageGuard): string | undefined {
  const { done, rewriteToken: token, totalBytesRewritten: bytes } = document
  const isDone = done === true
  const state = typeof token === 'string' && token !== '' ? `${token} ${bytes}` : undefined
  guard.next(!isDone, state)
  return isDone ? undefined : (token as string)
}
