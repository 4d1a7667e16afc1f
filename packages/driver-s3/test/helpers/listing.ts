// A bucket that can only be listed, with pages of any size.
import { compareKeys } from '@stowage/core'
import type { Answer } from './stub.ts'

/** Answers listings of these keys as the service does: by prefix, with a delimiter, page by page. */
export function listingOf(keys: readonly string[], pageSize: number): Answer {
  const all = [...keys].sort(compareKeys)
  return ({ url: { searchParams: query } }) => {
    const prefix = query.get('prefix') ?? ''
    const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
    const limit = Math.min(pageSize, Number(query.get('max-keys') ?? pageSize))
    const entries = new Set<string>()
    for (const key of all) {
      if (!key.startsWith(prefix)) continue
      const end = query.get('delimiter') ? key.indexOf('/', prefix.length) : -1
      const entry = end < 0 ? key : key.slice(0, end + 1)
      if (compareKeys(entry, after) > 0) entries.add(entry)
    }
    const page = [...entries].slice(0, limit)
    const isDirectory = (entry: string): boolean =>
      entry.endsWith('/') && query.get('delimiter') !== null && entry !== prefix
    const xml = page.map((entry) =>
      isDirectory(entry)
        ? `<CommonPrefixes><Prefix>${escaped(entry)}</Prefix></CommonPrefixes>`
        : `<Contents><Key>${escaped(entry)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"1"</ETag><Size>1</Size></Contents>`,
    )
    const more =
      page.length < entries.size
        ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${page.at(-1)}</NextContinuationToken>`
        : '<IsTruncated>false</IsTruncated>'
    return {
      body: `<ListBucketResult><EncodingType>url</EncodingType>${more}${xml.join('')}</ListBucketResult>`,
    }
  }
}

function escaped(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/')
}
