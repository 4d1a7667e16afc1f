// The SDK's client for HTTP, with the limits that it lacks: bodies that are not content have a longest size, and
// requests without content a longest time; sockets and proxies are the driver's.
import type { Readable } from 'node:stream'
import type { PipelineResponse } from '@azure/core-rest-pipeline'
import type { IHttpClient } from '@azure/storage-blob'
import {
  type HttpAgents,
  kindOfNetworkCode,
  MAX_PAGE_BYTES,
  readBody,
  readErrorBody,
  withHandle,
  within,
} from '@stowage/driver-kit'

type Rest = typeof import('@azure/core-rest-pipeline')
type OldRequest = Parameters<IHttpClient['sendRequest']>[0]
type OldResponse = Awaited<ReturnType<IHttpClient['sendRequest']>>

/** Any status: all bodies come as streams, and are read here. */
const ALL_STATUSES = new Set([Number.POSITIVE_INFINITY])
/** How long a request waits for a file handle. */
const HANDLE_WAIT_MS = 30_000

export interface HttpClientOptions {
  readonly agents: HttpAgents
  /** Milliseconds that a request without content may take in all. */
  readonly requestTimeout: number
  /** Sees the service's time in each answer. */
  readonly onDate: (date: string | undefined) => void
}

/** The `httpClient` of the SDK's pipeline. */
export function httpClient(rest: Rest, options: HttpClientOptions): IHttpClient {
  const { agents, onDate, requestTimeout } = options
  const client = rest.createDefaultHttpClient()
  const send = async (given: OldRequest, signal: AbortSignal | undefined): Promise<OldResponse> => {
    const request = rest.createPipelineRequest({
      ...{ url: given.url, method: given.method, allowInsecureConnection: true },
      headers: rest.createHttpHeaders(given.headers.toJson({ preserveCase: true })),
      ...{ body: given.body, requestOverrides: hostOf(given.url) },
      ...{ streamResponseStatusCodes: ALL_STATUSES, ...(signal && { abortSignal: signal }) },
    } as Parameters<Rest['createPipelineRequest']>[0])
    // No option: the SDK forgets it there.
    request.agent = agents.for(given.url)
    try {
      const response = await withHandle(() => client.sendRequest(request), HANDLE_WAIT_MS, signal)
      onDate(response.headers.get('date'))
      return asOld(response, given, await bodyOf(response, given))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      // The SDK repeats only what it knows as an error of a request.
      if (rest.isRestError(error)) throw error
      if (kindOfNetworkCode(code) === undefined) throw Object.assign(error as Error, { request })
      throw new rest.RestError(message, { code: code ?? '', request })
    }
  }
  return {
    sendRequest: (request) => {
      const signal = request.abortSignal as AbortSignal | undefined
      return isShort(request)
        ? within(requestTimeout, signal, (limited) => send(request, limited))
        : send(request, signal)
    },
  }
}

/** Whether the request neither sends nor brings content, and the service has nothing to copy for it. */
function isShort({ body, headers, streamResponseStatusCodes }: OldRequest): boolean {
  const sends = body !== undefined && typeof body !== 'string'
  return !sends && !streamResponseStatusCodes?.size && headers.get('x-ms-copy-source') === undefined
}

/** Node.js wants the address of `http://[::1]` without its brackets. */
function hostOf(url: string): { hostname: string } | undefined {
  const { hostname } = new URL(url)
  return hostname.startsWith('[') ? { hostname: hostname.slice(1, -1) } : undefined
}

type Body = Pick<OldResponse, 'bodyAsText' | 'readableStreamBody'>

async function bodyOf(
  { status, headers, readableStreamBody }: PipelineResponse,
  { streamResponseStatusCodes: streamed }: OldRequest,
): Promise<Body> {
  const stream = readableStreamBody as Readable | undefined
  if (stream === undefined) return {}
  if (streamed?.has(status)) return { readableStreamBody: stream }
  if (headers.has('content-encoding')) {
    stream.destroy()
    if (status >= 400) return { bodyAsText: '' }
    throw Object.assign(new Error('the answer is compressed, which it was not asked to be'), {
      code: 'ERR_BODY_ENCODED',
    })
  }
  const bytes = status >= 400 ? await readErrorBody(stream) : await readBody(stream, MAX_PAGE_BYTES)
  return { bodyAsText: bytes.toString() }
}

/** In the form that the SDK's pipeline takes from a client; it goes on with its own request. */
function asOld(
  { status, headers }: PipelineResponse,
  request: OldRequest,
  body: Body,
): OldResponse {
  const toJson = () => headers.toJSON({ preserveCase: true })
  return { status, request, headers: { toJson }, ...body } as unknown as OldResponse
}
