// What the tests of faults ask of the proxy. Whatever these make up, no server has said.
import { type Fault, refusal, type Seen } from '@stowage/testsuite'

/** The service carries it out, and its reply is lost. */
export const LOST: Fault = { cutReply: { after: 'nothing', how: 'close' } }

/** The service never hears of it; the reply is an error. */
export function refused(status: number, code: string): Fault {
  return { answer: refusal('azure', { status, code }) }
}

/** The connection is dropped after so many bytes of the reply's body. */
export function cutAfter(after: number): Fault {
  return { cutReply: { after, how: 'close' } }
}

/** Nothing more comes after so many bytes of the reply's body. */
export function stallAfter(after: number): Fault {
  return { cutReply: { after, how: 'stall' } }
}

/** Headers of the reply are replaced. */
export function withHeaders(replaced: Readonly<Record<string, string>>): Fault {
  return { change: ({ status, headers }) => ({ status, headers: { ...headers, ...replaced } }) }
}

/** Which of the service's operations a request is. */
export function nameOf({ method, url, headers }: Pick<Seen, 'method' | 'url' | 'headers'>): string {
  const comp = url.searchParams.get('comp')
  const copies = headers['x-ms-copy-source'] !== undefined
  if (comp === 'batch') return 'Blob Batch'
  if (comp === 'list')
    return url.searchParams.has('delimiter') ? 'List Blobs by hierarchy' : 'List Blobs'
  if (comp === 'blocklist') return method === 'PUT' ? 'Put Block List' : 'Get Block List'
  if (comp === 'block') return copies ? 'Put Block From URL' : 'Put Block'
  if (comp === 'copy') return 'Abort Copy Blob'
  if (comp === 'userdelegationkey') return 'Get User Delegation Key'
  if (method === 'PUT' && copies) {
    return headers['x-ms-requires-sync'] === 'true' ? 'Copy Blob From URL' : 'Copy Blob'
  }
  const plain: Record<string, string> = {
    PUT: 'Put Blob',
    GET: 'Get Blob',
    HEAD: 'Get Blob Properties',
    DELETE: 'Delete Blob',
  }
  return plain[method] ?? `${method} ${comp}`
}
