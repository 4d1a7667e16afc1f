// What the tests of faults ask of the proxy. Whatever these make up, no server has said.
import { type Fault, refusal, type Seen } from '@stowage/testsuite'

/** The store carries it out, and its reply is lost. */
export const LOST: Fault = { cutReply: { after: 'nothing', how: 'close' } }

/** As a store replies to a range that knows of none: status 200, no Content-Range. */
export const AS_WHOLE: Fault = {
  change: ({ headers }) => ({ status: 200, headers: { ...headers, 'content-range': undefined } }),
}

/** The store never hears of it; the reply is an error document. Status 200 is possible. */
export function refused(status: number, code: string): Fault {
  return { answer: refusal('s3', { status, code }) }
}

/** The connection is dropped after so many bytes of the reply's body. */
export function cutAfter(after: number): Fault {
  return { cutReply: { after, how: 'close' } }
}

/** Nothing more comes after so many bytes of the reply's body. */
export function stallAfter(after: number): Fault {
  return { cutReply: { after, how: 'stall' } }
}

/** The operation's name in the service's documentation. */
export function nameOf({ method, url, headers }: Pick<Seen, 'method' | 'url' | 'headers'>): string {
  const has = (name: string): boolean => url.searchParams.has(name)
  const copy = headers['x-amz-copy-source'] !== undefined
  const names: Record<string, () => string> = {
    GET: () =>
      has('list-type')
        ? 'ListObjectsV2'
        : has('uploads')
          ? 'ListMultipartUploads'
          : has('uploadId')
            ? 'ListParts'
            : 'GetObject',
    HEAD: () => 'HeadObject',
    PUT: () =>
      (has('partNumber') ? 'UploadPart' : copy ? 'CopyObject' : 'PutObject') +
      (has('partNumber') && copy ? 'Copy' : ''),
    POST: () =>
      has('delete')
        ? 'DeleteObjects'
        : has('uploads')
          ? 'CreateMultipartUpload'
          : 'CompleteMultipartUpload',
    DELETE: () => (has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject'),
  }
  return names[method]?.() ?? method
}
