import type { Asked, Entry, OddDialect, RequestKind, Words } from '../dialect.ts'
import { xmlAnswer, xmlText } from '../xml.ts'

function kindOf({ method, url, headers }: Asked): RequestKind {
  const has = (name: string): boolean => url.searchParams.has(name)
  if (method === 'GET' && (has('list-type') || has('prefix')) && !has('uploads')) return 'list'
  if (method === 'GET') return has('uploads') || has('uploadId') ? 'other' : 'read'
  if (method === 'HEAD') return 'head'
  if (method === 'PUT') return headers['x-amz-copy-source'] === undefined ? 'write' : 'copy'
  if (method === 'POST') return has('delete') ? 'delete' : 'write'
  return method === 'DELETE' ? 'delete' : 'other'
}

function error({ status, code, message, requestId = '0' }: Words) {
  const body = `<Error><Code>${xmlText(code)}</Code><Message>${xmlText(message)}</Message><RequestId>${xmlText(requestId)}</RequestId></Error>`
  // A header holds no line break, whatever a hostile service would like.
  const id = requestId.replace(/[^\x20-\x7e]/g, ' ')
  return xmlAnswer(status, body, { 'x-amz-request-id': id })
}

const entry = ({ key, size }: Entry): string =>
  `<Contents><Key>${xmlText(key)}</Key><LastModified>2020-01-02T03:04:05.000Z</LastModified><ETag>&quot;0&quot;</ETag><Size>${size}</Size></Contents>`

/** Amazon S3 and what is compatible with it. */
export const s3: OddDialect = {
  name: 's3',
  kindOf,
  prefixOf: ({ url }) => url.searchParams.get('prefix') ?? '',
  error,
  page: ({ entries, more, token }) =>
    xmlAnswer(
      200,
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`}${entries.map(entry).join('')}</ListBucketResult>`,
    ),
  foreign404: ['XAdminUserNotFound', 'InvalidAccessKeyId', 'NoSuchBucket'],
  errorsIn200: ['list', 'copy'],
  locks: [
    {
      what: 'an object under a retention',
      kinds: ['write', 'copy', 'delete'],
      answer: error({ status: 403, code: 'AccessDenied', message: 'object is WORM protected' }),
    },
  ],
}
