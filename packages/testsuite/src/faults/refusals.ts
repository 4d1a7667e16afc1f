import type { Answer } from './fault.ts'

/** Whose words a refusal is in; `plain` has none. */
export type Vendor = 's3' | 'azure' | 'gcs' | 'plain'

/** A refusal as a request gets it. */
export interface Refusal {
  readonly status: number
  /** The vendor's word for it. Default: the one that goes with the status. */
  readonly code?: string | undefined
  /** Seconds to wait, as the header says it. */
  readonly retryAfter?: number | undefined
}

/** What the vendors say with each status: S3's and Azure's codes are in their lists of error codes. */
const CODES: Readonly<Record<Vendor, Readonly<Record<number, string>>>> = {
  s3: { 408: 'RequestTimeout', 429: 'SlowDown', 500: 'InternalError', 503: 'SlowDown' },
  azure: {
    408: 'OperationTimedOut',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServerBusy',
  },
  gcs: {
    408: 'requestTimeout',
    429: 'rateLimitExceeded',
    500: 'backendError',
    503: 'backendError',
  },
  plain: {},
}

const WORDS = 'made up by the fault proxy'

/** A refusal in the words of the vendor. */
export function refusal(vendor: Vendor, { status, code, retryAfter }: Refusal): Answer {
  const word = code ?? CODES[vendor][status] ?? 'Error'
  const [type, body] = bodyOf(vendor, status, word)
  const headers: Record<string, string> = {
    'content-type': type,
    'content-length': String(Buffer.byteLength(body)),
    ...(vendor === 'azure' && { 'x-ms-error-code': word }),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    // What a server does that has waited too long for the rest of a request.
    ...(status === 408 && { connection: 'close' }),
  }
  return { status, headers, body }
}

function bodyOf(vendor: Vendor, status: number, code: string): [type: string, body: string] {
  if (vendor === 'plain') return ['text/plain', WORDS]
  if (vendor === 'gcs') {
    const error = {
      code: status,
      message: WORDS,
      errors: [{ domain: 'global', reason: code, message: WORDS }],
    }
    return ['application/json; charset=UTF-8', JSON.stringify({ error })]
  }
  const id = vendor === 's3' ? '<RequestId>0</RequestId>' : ''
  const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${WORDS}</Message>${id}</Error>`
  return ['application/xml', text]
}
