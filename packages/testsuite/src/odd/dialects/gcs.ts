import type { Answer } from '../../faults/fault.ts'
import type { Asked, Entry, OddDialect, RequestKind, Words } from '../dialect.ts'

function kindOf({ method, url }: Asked): RequestKind {
  const { pathname, searchParams } = url
  if (method === 'GET' && /\/o\/?$/.test(pathname)) return 'list'
  if (method === 'GET') return searchParams.get('alt') === 'media' ? 'read' : 'head'
  if (/\/(?:rewriteTo|copyTo)\//.test(pathname)) return 'copy'
  if (method === 'DELETE') return 'delete'
  return method === 'POST' || method === 'PUT' ? 'write' : 'other'
}

function json(
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const type = { 'content-type': 'application/json; charset=UTF-8' }
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(value) }
}

function error({ status, code, message, requestId = '0' }: Words): Answer {
  const errors = [{ domain: 'global', reason: code, message }]
  const id = requestId.replace(/[^\x20-\x7e]/g, ' ')
  return json(status, { error: { code: status, message, errors } }, { 'x-guploader-uploadid': id })
}

const entry = ({ key, size }: Entry): object => ({
  ...{ kind: 'storage#object', name: key, size, generation: '1', metageneration: '1' },
  ...{ updated: '2020-01-02T03:04:05.000Z', etag: '0' },
})

/** Google Cloud Storage, its JSON API. */
export const gcs: OddDialect = {
  name: 'gcs',
  kindOf,
  prefixOf: ({ url }) => url.searchParams.get('prefix') ?? '',
  error,
  // A token is all that says "more".
  page: ({ entries, more, token }) =>
    more && token === undefined
      ? undefined
      : json(200, {
          kind: 'storage#objects',
          items: entries.map(entry),
          ...(token !== undefined && { nextPageToken: token }),
        }),
  foreign404: ['projectNotFound'],
  errorsIn200: ['list', 'copy'],
  locks: [
    {
      what: "an organization's policy",
      kinds: ['write', 'copy'],
      answer: error({
        status: 412,
        code: 'conditionNotMet',
        message: "Request violates constraint 'constraints/storage.restrictAuthTypes'",
      }),
    },
    {
      what: 'a retention policy',
      kinds: ['write', 'copy', 'delete'],
      answer: error({
        status: 403,
        code: 'retentionPolicyNotMet',
        message: "Object is subject to bucket's retention policy",
      }),
    },
  ],
}
