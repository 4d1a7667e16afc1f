import type { HttpAuthorization } from '@azure/storage-blob'
import type { AzureClient, Opened } from './client.ts'

/** The only scope of tokens for storage, in every cloud. */
const STORAGE_SCOPE = 'https://storage.azure.com/.default'
/** How far back the start of a SAS lies, for clocks that are behind. */
export const BACKDATE_MS: number = 15 * 60_000
/** How long the source of a copy can be read: longer than any copy may take. */
const SOURCE_SAS_MS = 24 * 3_600_000

/** What the service needs to read a blob of ours on its own: it does not take our request for a right to read. */
export interface CopySource {
  readonly url: string
  readonly authorization?: { readonly sourceAuthorization: HttpAuthorization } | undefined
}

/** The blob as the source of a server-side copy, with a right to read it. */
export async function copySource(
  client: AzureClient,
  { sdk, container }: Opened,
  name: string,
  { tags = false }: { tags?: boolean } = {},
): Promise<CopySource> {
  const blob = container.getBlobClient(name)
  const { signer } = client
  if (signer === 'key') {
    const now = Date.now()
    const url = await blob.generateSasUrl({
      permissions: sdk.BlobSASPermissions.parse(tags ? 'rt' : 'r'),
      startsOn: new Date(now - BACKDATE_MS),
      expiresOn: new Date(now + SOURCE_SAS_MS),
    })
    return { url }
  }
  const credential = container.credential
  if (signer === 'none' || !('getToken' in credential)) return { url: blob.url }
  const token = await credential.getToken(STORAGE_SCOPE)
  if (token === null) return { url: blob.url }
  return {
    url: blob.url,
    authorization: { sourceAuthorization: { scheme: 'Bearer', value: token.token } },
  }
}
