import {
  eachCollecting,
  type Removal,
  type RequestContext,
  type UploadRemover,
} from '@stowage/driver-kit'
import { isUploadListRefused } from './errors.ts'
import type { Store } from './store.ts'
import { abortUpload, tailKey, type Upload, uploadsBeneath } from './uploads.ts'

/** Aborts at a time. */
const ABORTS = 8

/** Aborts uploads and removes their tails. What fails is collected. */
export async function removeUploads(
  store: Store,
  uploads: readonly Upload[],
  { path, signal }: RequestContext,
): Promise<Removal> {
  const tails: { key: string }[] = []
  const { count, errors } = await eachCollecting(
    uploads,
    { concurrency: ABORTS, signal },
    async (upload) => {
      await abortUpload(store, upload, { path: store.names.pathOf(upload.key), signal })
      tails.push({ key: tailKey(store, upload) })
    },
  )
  const { errors: left } = await store.trees.remover.delete(tails, { path, signal })
  return { count, errors: [...errors, ...left] }
}

/** The unfinished uploads of the bucket, as a delete of a tree removes them. */
export function uploadRemover(store: Store): UploadRemover {
  return {
    endHeld: (path) => store.held.removeBeneath(path),
    async removeBeneath(path, signal) {
      const errors: Error[] = []
      let count = 0
      try {
        for await (const found of uploadsBeneath(store, path, signal)) {
          const removal = await removeUploads(store, found, { path, signal })
          count += removal.count
          errors.push(...removal.errors)
        }
      } catch (error) {
        // Where the store does not let them be listed, the objects can be deleted all the same.
        if (!isUploadListRefused(error)) throw error
      }
      return { count, errors }
    },
  }
}
