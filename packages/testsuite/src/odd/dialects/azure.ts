import type { Asked, Entry, OddDialect, RequestKind, Words } from '../dialect.ts'
import { xmlAnswer, xmlText } from '../xml.ts'

function kindOf({ method, url, headers }: Asked): RequestKind {
  const comp = url.searchParams.get('comp')
  if (method === 'GET' && comp === 'list') return 'list'
  if (method === 'GET') return comp === null ? 'read' : 'other'
  if (method === 'HEAD') return 'head'
  if (method === 'PUT') return headers['x-ms-copy-source'] === undefined ? 'write' : 'copy'
  return method === 'DELETE' || comp === 'batch' ? 'delete' : 'other'
}

function error({ status, code, message, requestId = '0' }: Words) {
  const header = (text: string): string => text.replace(/[^\x20-\x7e]/g, ' ')
  const body = `<Error><Code>${xmlText(code)}</Code><Message>${xmlText(message)}</Message></Error>`
  return xmlAnswer(status, body, {
    'x-ms-error-code': header(code),
    'x-ms-request-id': header(requestId),
  })
}

const entry = ({ key, size }: Entry): string =>
  `<Blob><Name>${xmlText(key)}</Name><Properties><Last-Modified>Thu, 02 Jan 2020 03:04:05 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>${size}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`

/** Azure Blob Storage. */
export const azure: OddDialect = {
  name: 'azure',
  kindOf,
  prefixOf: ({ url }) => url.searchParams.get('prefix') ?? '',
  error,
  // A marker is all that says "more".
  page: ({ entries, more, token }) =>
    more && token === undefined
      ? undefined
      : xmlAnswer(
          200,
          `<EnumerationResults ServiceEndpoint="http://x/" ContainerName="c"><Blobs>${entries.map(entry).join('')}</Blobs><NextMarker>${token ?? ''}</NextMarker></EnumerationResults>`,
        ),
  foreign404: ['AccountNotFound', 'ContainerNotFound'],
  errorsIn200: ['list'],
  locks: [
    {
      what: 'a lease',
      kinds: ['write', 'copy', 'delete'],
      answer: error({
        status: 412,
        code: 'LeaseIdMissing',
        message: 'There is currently a lease on the blob and no lease ID was specified.',
      }),
    },
  ],
}
