import { eachCollecting, type UploadRemover } from '@stowage/driver-kit'
import type { AzureClient } from './client.ts'
import { discard, type Sessions } from './sessions.ts'

/** Uploads that are removed at a time. */
const DISCARDS = 16

/** The unfinished uploads of the container, as a delete of a tree removes them. */
export function uploadRemover(client: AzureClient, sessions: Sessions): UploadRemover {
  return {
    endHeld: (path) => sessions.held.removeBeneath(path),
    async removeBeneath(path, signal) {
      const opened = await client.open()
      const found = sessions.find(opened, path, { signal })
      return eachCollecting(found, { concurrency: DISCARDS, signal }, (session) => {
        const blob = opened.container.getBlockBlobClient(session.name)
        return discard(blob, session.path, opened.failures, { signal })
      })
    },
  }
}
