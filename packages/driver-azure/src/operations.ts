/** What we read of a request of the SDK. */
export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly headers?: { get(name: string): string | undefined }
}

/** Which operation of the service a request is, and whether it names a blob that may be missing. */
export interface Operation {
  readonly operation: string
  readonly keyed: boolean
}

const UNKNOWN: Operation = { operation: 'Azure Blob Storage', keyed: false }

/** Operations by the query's `comp`; with `PUT`, the second one. */
const BY_COMP: Readonly<Record<string, readonly [Operation, Operation?]>> = {
  list: [{ operation: 'List Blobs', keyed: false }],
  batch: [{ operation: 'Blob Batch', keyed: false }],
  userdelegationkey: [{ operation: 'Get User Delegation Key', keyed: false }],
  blocklist: [
    { operation: 'Get Block List', keyed: true },
    { operation: 'Put Block List', keyed: false },
  ],
  block: [{ operation: 'Put Block', keyed: false }],
  copy: [{ operation: 'Abort Copy Blob', keyed: true }],
  tags: [{ operation: 'Get Blob Tags', keyed: true }],
}

const BY_METHOD: Readonly<Record<string, Operation>> = {
  GET: { operation: 'Get Blob', keyed: true },
  HEAD: { operation: 'Get Blob Properties', keyed: true },
  DELETE: { operation: 'Delete Blob', keyed: true },
  PUT: { operation: 'Put Blob', keyed: false },
}

export function operationOf(request: SentRequest | undefined): Operation {
  if (request === undefined || !URL.canParse(request.url)) return UNKNOWN
  const { method, headers } = request
  const comp = new URL(request.url).searchParams.get('comp') ?? ''
  const copies = method === 'PUT' && headers?.get('x-ms-copy-source') !== undefined
  if (copies) {
    const operation = comp === 'block' ? 'Put Block From URL' : 'Copy Blob'
    return { operation, keyed: false }
  }
  const [one, put] = BY_COMP[comp] ?? []
  return (method === 'PUT' ? (put ?? one) : one) ?? BY_METHOD[method] ?? UNKNOWN
}
