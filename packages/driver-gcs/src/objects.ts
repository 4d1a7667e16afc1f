import { randomBytes } from 'node:crypto'
import { type Api, failureOf, type Query } from './api.ts'
import { crc32c, encodeCrc32c } from './crc32c.ts'
import { failureError, isMissing } from './errors.ts'

/** Content type of everything the original writes, and of everything here. */
export const CONTENT_TYPE = 'application/octet-stream'
/** Content type of an upload that the original has left unfinished, at the path itself. */
const ORIGINAL_SESSION = 'application/x-docker-upload-session'

/** The fields of an object that are asked for. */
export const FIELDS = 'name,generation,size,updated,contentType,crc32c,metadata'

/** What the service tells of an object. Numbers beyond 2^53 come as text. */
export interface ObjectResource {
  readonly name: string
  readonly generation?: string
  readonly size?: string
  readonly updated?: string
  readonly contentType?: string
  readonly crc32c?: string
  readonly metadata?: Readonly<Record<string, string>>
}

export interface CallOptions {
  /** The caller's path, for errors. */
  readonly path: string
  readonly signal?: AbortSignal | undefined
}

/** Whether this is what the original keeps of an unfinished upload: no file. */
export function isOriginalSession(contentType: string | undefined): boolean {
  return contentType?.split(';')[0] === ORIGINAL_SESSION
}

/** @throws PathNotFoundError where there is no object. */
export async function getObject(
  api: Api,
  key: string,
  { path, signal }: CallOptions,
): Promise<ObjectResource> {
  const url = api.url('/storage/v1', key, { fields: FIELDS })
  const reply = await api.call({ method: 'GET', url, operation: 'objects.get', path, signal })
  return JSON.parse(reply.text) as ObjectResource
}

export interface InsertOptions extends CallOptions {
  readonly ifGenerationMatch?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly urgent?: boolean | undefined
}

/** Creates or replaces an object with one request. The service checks the content's CRC32C. */
export async function insertObject(
  api: Api,
  key: string,
  content: Uint8Array,
  { path, signal, ifGenerationMatch, metadata, urgent }: InsertOptions,
): Promise<ObjectResource> {
  const resource = {
    ...{ name: key, contentType: CONTENT_TYPE, crc32c: encodeCrc32c(crc32c(content)) },
    ...(metadata && { metadata }),
  }
  const boundary = `stowage-${randomBytes(16).toString('hex')}`
  const head =
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(resource)}\r\n` +
    `--${boundary}\r\ncontent-type: ${CONTENT_TYPE}\r\n\r\n`
  const query = { uploadType: 'multipart', ifGenerationMatch, fields: FIELDS }
  signal?.throwIfAborted()
  const reply = await api.call({
    ...{ method: 'POST', operation: 'objects.insert', path, signal, urgent },
    url: api.url('/upload/storage/v1', undefined, query),
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  })
  return JSON.parse(reply.text) as ObjectResource
}

/**
 * Removes an object, and says whether it was there: that generation of it, where one is given. One that
 * is gone after an attempt without an answer was removed by that.
 */
export async function deleteObject(
  api: Api,
  key: string,
  { path, signal, ifGenerationMatch }: CallOptions & { ifGenerationMatch?: string | undefined },
): Promise<'removed' | 'missing' | 'changed'> {
  const query: Query = { ifGenerationMatch }
  const { status, text, repeated } = await api.call({
    ...{ method: 'DELETE', operation: 'objects.delete', path, signal, accept: [404, 412] },
    url: api.url('/storage/v1', key, query),
  })
  if (status === 412) return 'changed'
  if (status !== 404) return 'removed'
  const error = failureError(failureOf(status, text), { operation: 'objects.delete', path })
  if (!isMissing(error)) throw error
  return repeated ? 'removed' : 'missing'
}
