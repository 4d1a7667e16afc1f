import type { BatchSubResponse } from '@azure/storage-blob'
import { UnsupportedMethodError } from '@stowage/core/driver'
import type { DeleteFailure, DeleteRequest, RequestContext } from '@stowage/driver-kit'
import type { Opened } from './client.ts'

/**
 * Deletes blobs by one Blob Batch, and gives those that it has not deleted. It says of none why: the request for a
 * single blob does.
 * @throws UnsupportedMethodError for whatever reason a batch is refused. Accounts with a hierarchical namespace and
 *   some gateways refuse all, and single deletes work or name the blob in their errors.
 */
export async function deleteBatch(
  { container }: Opened,
  objects: readonly DeleteRequest[],
  { signal }: RequestContext,
): Promise<readonly DeleteFailure[]> {
  try {
    const service = container.getBlobBatchClient()
    const batch = service.createBatch()
    for (const { key, revision } of objects) {
      const conditions = revision === undefined ? {} : { ifMatch: revision }
      const client = container.getBlobClient(key)
      await batch.deleteBlob(client, { deleteSnapshots: 'include', conditions })
    }
    // Not the SDK's deleteBlobs: it takes a signal and forgets it.
    const { subResponses } = await service.submitBatch(batch, signal ? { abortSignal: signal } : {})
    // The answer is 202 whatever is in it: only a part that says so is a blob that is gone.
    return objects.filter((_, at) => !isDeleted(subResponses[at]))
  } catch (cause) {
    signal?.throwIfAborted()
    throw new UnsupportedMethodError({ detail: 'the batch was refused', cause })
  }
}

/** Whether a part of a batch's answer says that its blob is gone. */
function isDeleted(part: BatchSubResponse | undefined): boolean {
  if (part === undefined) return false
  const { status, errorCode } = part
  return (status >= 200 && status < 300 && errorCode === undefined) || errorCode === 'BlobNotFound'
}
