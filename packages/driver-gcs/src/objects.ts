import { randomBytes } from 'node:crypto'
import { DriverError, PermissionError, type RevisionChangedError } from '@stowage/core/driver'
import { type DeleteOutcome, parseSize } from '@stowage/driver-kit'
import type { Api } from './api.ts'
import { crc32c, encodeCrc32c } from './crc32c.ts'
import { failureOf, isConditionFailure, isMissing, isObject, strangeAnswer } from './errors.ts'

/** Content type of everything the original writes, and of everything here. */
export const CONTENT_TYPE = 'application/octet-stream'
/** Content type of an upload that the original has left unfinished, at the path itself. */
const ORIGINAL_SESSION = 'application/x-docker-upload-session'

/** The fields of an object that are asked for. */
export const FIELDS = 'name,generation,size,updated,contentType,crc32c,metadata'

/** What the service tells of an object, once it is checked. */
export interface ObjectResource {
  readonly name: string
  readonly generation: string | undefined
  readonly size: number
  readonly updated: Date
  readonly contentType: string | undefined
  readonly crc32c: string | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** CRC32C of no bytes: some servers leave a size of 0 out. */
const EMPTY_CRC = 'AAAAAA=='

/** An object of an answer; undefined where it is not what the service's interface says. */
export function objectOf(value: unknown): ObjectResource | undefined {
  if (!isObject(value)) return undefined
  const { name, generation, size, updated, contentType, crc32c: crc, metadata } = value
  const bytes = size === undefined && crc === EMPTY_CRC ? 0 : parseSize(size)
  const time = updated === undefined ? 0 : Date.parse(String(updated))
  if (typeof name !== 'string' || bytes === undefined || Number.isNaN(time)) return undefined
  return {
    ...{ name, size: bytes, updated: new Date(time), generation: textOf(generation) },
    ...{ contentType: textOf(contentType), crc32c: textOf(crc) },
    metadata: textsOf(metadata),
  }
}

/** Metadata is text; what is none is left out. */
function textsOf(metadata: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(isObject(metadata) ? metadata : {})
  return Object.fromEntries(entries.filter(([, value]) => typeof value === 'string')) as Readonly<
    Record<string, string>
  >
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** @throws DriverError where the answer is no object. */
function mustBeObject(document: unknown, { path }: CallOptions): ObjectResource {
  const object = objectOf(document)
  if (object) return object
  throw new DriverError(
    'the service described an object without a name, size or time that can be',
    {
      path,
    },
  )
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
  const request = {
    method: 'GET',
    url,
    operation: 'objects.get',
    path,
    signal,
    keyed: true,
  } as const
  return mustBeObject((await api.document(request)).document, { path })
}

/** Whether an object is in another generation than this one, or not there any more; '0': it is there. */
async function isChanged(
  api: Api,
  key: string,
  generation: string | undefined,
  options: CallOptions,
): Promise<boolean> {
  try {
    return (await getObject(api, key, options)).generation !== generation
  } catch (error) {
    if (isMissing(error)) return generation !== '0'
    throw error
  }
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
  const { document } = await api.document({
    ...{ method: 'POST', operation: 'objects.insert', path, signal, urgent, checked: true },
    url: api.url('/upload/storage/v1', undefined, query),
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  })
  return mustBeObject(document, { path })
}

/**
 * Removes an object, and says whether it was there: that generation of it, where one is given. One that
 * is gone after an attempt without an answer was removed by that.
 */
export async function deleteObject(
  api: Api,
  key: string,
  { path, signal, ifGenerationMatch }: CallOptions & { ifGenerationMatch?: string | undefined },
): Promise<DeleteOutcome> {
  const request = {
    method: 'DELETE',
    ...{ operation: 'objects.delete', path, signal, accept: [404, 412] },
    ...{ url: api.url('/storage/v1', key, { ifGenerationMatch }), keyed: true },
  } as const
  const { status, text, repeated } = await api.call(request)
  if (status !== 404 && status !== 412) {
    const strange = strangeAnswer(text)
    if (strange !== undefined) throw api.error(strange, request)
    return 'deleted'
  }
  const error = await api.fail(failureOf(status, text), request)
  if (isMissing(error)) return repeated ? 'deleted' : 'missing'
  if (!isConditionFailure(error)) throw error
  await mustBeChanged(api, { key, generation: ifGenerationMatch, cause: error }, { path, signal })
  return 'changed'
}

/** The service says "condition not met" for rules of others, too. @throws PermissionError where ours was met. */
export async function mustBeChanged(
  api: Api,
  { key, generation, cause }: { key: string; generation: string | undefined; cause: unknown },
  options: CallOptions,
): Promise<void> {
  if (await isChanged(api, key, generation, options)) return
  throw notOurCondition(cause, options.path)
}

/** What the service means by "condition not met" where our condition is met: an organization's rule, say. */
export function notOurCondition(error: unknown, path: string): PermissionError {
  const { detail, cause } = error as RevisionChangedError
  return new PermissionError(detail, { path, cause })
}
