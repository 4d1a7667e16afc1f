// What a file has besides its bytes, and keeps when it is copied: headers, metadata (its time among it), tier, tags.
import type {
  BlobGetPropertiesResponse,
  BlobHTTPHeaders,
  BlobSyncCopyFromURLOptions,
  BlockBlobCommitBlockListOptions,
  BlockBlobUploadOptions,
  Tags,
} from '@azure/storage-blob'

export interface Kept {
  readonly headers?: BlobHTTPHeaders | undefined
  /** Left out, a copy by the service takes the source's along. */
  readonly metadata?: Record<string, string> | undefined
  readonly tier?: string | undefined
  /** Fetched only where the service says that there are some. */
  readonly tags?: ((abort: { abortSignal?: AbortSignal }) => Promise<Tags>) | undefined
}

/** The properties of a blob that is moved. */
export function propertiesOf(
  found: BlobGetPropertiesResponse,
  tags: NonNullable<Kept['tags']>,
): Required<Kept> {
  const headers = {
    blobContentType: found.contentType,
    blobContentEncoding: found.contentEncoding,
    blobContentLanguage: found.contentLanguage,
    blobContentDisposition: found.contentDisposition,
    blobCacheControl: found.cacheControl,
    blobContentMD5: found.contentMD5,
  }
  const given = Object.entries(headers).filter(([, value]) => value !== undefined)
  return {
    headers: Object.fromEntries(given) as BlobHTTPHeaders,
    metadata: found.metadata ?? {},
    // An inferred tier is the account's default, which the copy gets anyway.
    tier: found.accessTierInferred ? undefined : found.accessTier,
    tags: (found.tagCount ?? 0) > 0 ? tags : undefined,
  }
}

/** For a Put Blob. */
export function uploadOptions({ metadata, tier }: Kept): BlockBlobUploadOptions {
  return { ...(metadata && { metadata }), ...(tier !== undefined && { tier }) }
}

/** For a copy by the service in one request: it takes headers and metadata along by itself. */
export function syncOptions({ metadata, tier, tags, headers }: Kept): BlobSyncCopyFromURLOptions {
  return {
    ...(metadata && headers === undefined && { metadata }),
    ...(tier !== undefined && { tier }),
    ...(tags && { copySourceTags: 'COPY' as const }),
  }
}

/** For a Put Block List, which leaves behind what it is not given. */
export async function listOptions(
  { headers, metadata, tier, tags }: Kept,
  abort: { abortSignal?: AbortSignal },
): Promise<BlockBlobCommitBlockListOptions> {
  return {
    ...abort,
    ...(headers && { blobHTTPHeaders: headers }),
    ...(metadata && { metadata }),
    ...(tier !== undefined && { tier }),
    ...(tags && { tags: await tags(abort) }),
  }
}
