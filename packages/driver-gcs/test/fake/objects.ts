// A fake: the bucket's objects, in memory. See README.md in this folder.
import { createHash } from 'node:crypto'
import { compareKeys } from '@stowage/core'
import { HttpError } from './http-error.ts'

export interface StoredObject {
  readonly name: string
  readonly content: Buffer
  readonly generation: string
  readonly metageneration: number
  readonly contentType: string
  readonly updated: Date
  readonly metadata: Readonly<Record<string, string>> | undefined
  readonly contentEncoding: string | undefined
  readonly cacheControl: string | undefined
}

/** What an upload says of its object. */
export interface About {
  readonly contentType?: string
  readonly metadata?: Record<string, string>
  readonly contentEncoding?: string
  readonly cacheControl?: string
  readonly crc32c?: string
  readonly md5Hash?: string
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  return crc >>> 0
})

/** Computed apart from the driver's own, so that one mistake does not hide in both. */
export function crc32c(content: Uint8Array): string {
  let crc = 0xffffffff
  for (const byte of content) crc = ((table[(crc ^ byte) & 255] as number) ^ (crc >>> 8)) >>> 0
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0)
  return bytes.toString('base64')
}

export const md5 = (content: Uint8Array): string =>
  createHash('md5').update(content).digest('base64')

let lastGeneration = BigInt(Date.now()) * 1000n

/** The objects of one bucket, and the rules that every change of them obeys. */
export class Bucket {
  readonly objects = new Map<string, StoredObject>()
  /** Times of the latest changes by name, for the limit of one a second. */
  readonly #changes = new Map<string, number>()
  /** Changes of one name within a second are refused then. */
  limitChanges = false
  /** Under a retention policy: what is there may not be replaced or removed. */
  retained = false

  find(name: string, query: URLSearchParams, prefix = 'if'): StoredObject {
    const object = this.objects.get(name)
    const generation = query.get(prefix === 'if' ? 'generation' : 'sourceGeneration')
    if (object === undefined || (generation !== null && generation !== object.generation)) {
      throw new HttpError(404, `No such object: bucket/${name}`, 'notFound')
    }
    check(object, query, prefix)
    return object
  }

  /** The object is made or replaced, once its conditions hold and its checksums fit. */
  store(name: string, content: Buffer, about: About, query: URLSearchParams): StoredObject {
    if (Buffer.byteLength(name) > 1024 || name === '') {
      throw new HttpError(400, 'The maximum object name length is 1024 characters', 'invalid')
    }
    const before = this.objects.get(name)
    check(before, query)
    if (before) this.#mayChange(name)
    if (about.crc32c !== undefined && about.crc32c !== crc32c(content)) {
      throw new HttpError(400, `Provided CRC32C "${about.crc32c}" doesn't match`, 'invalid')
    }
    if (about.md5Hash !== undefined && about.md5Hash !== md5(content)) {
      throw new HttpError(400, `Provided MD5 hash "${about.md5Hash}" doesn't match`, 'invalid')
    }
    this.#count(name)
    lastGeneration += 1n
    const object = {
      ...{ name, content, generation: String(lastGeneration), metageneration: 1 },
      contentType: about.contentType ?? 'application/octet-stream',
      ...{ updated: new Date(), metadata: about.metadata },
      ...{ contentEncoding: about.contentEncoding, cacheControl: about.cacheControl },
    }
    this.objects.set(name, object)
    return object
  }

  remove(name: string, query: URLSearchParams): void {
    this.find(name, query)
    this.#mayChange(name)
    this.#count(name)
    this.objects.delete(name)
  }

  #mayChange(name: string): void {
    if (!this.retained) return
    const message = `Object 'bucket/${name}' is subject to bucket's retention policy`
    throw new HttpError(403, message, 'retentionPolicyNotMet')
  }

  #count(name: string): void {
    const now = Date.now()
    if (this.limitChanges && now - (this.#changes.get(name) ?? 0) < 1000) {
      throw new HttpError(
        429,
        `The object bucket/${name} exceeded the rate limit`,
        'rateLimitExceeded',
      )
    }
    this.#changes.set(name, now)
  }

  /** Names in byte order. */
  names(): string[] {
    return [...this.objects.keys()].sort(compareKeys)
  }
}

/** Preconditions: 412 where one does not hold, 304 where an object has not changed. */
export function check(
  object: StoredObject | undefined,
  query: URLSearchParams,
  prefix = 'if',
): void {
  const source = prefix === 'if' ? '' : 'Source'
  const generation = object?.generation ?? '0'
  const failed = (): never => {
    throw new HttpError(
      412,
      'At least one of the pre-conditions you specified did not hold.',
      'conditionNotMet',
    )
  }
  const match = query.get(`if${source}GenerationMatch`)
  if (match !== null && match !== generation) failed()
  const metageneration = query.get(`if${source}MetagenerationMatch`)
  if (metageneration !== null && metageneration !== String(object?.metageneration)) failed()
  const other = query.get(`if${source}GenerationNotMatch`)
  if (other !== null && other === generation) throw new HttpError(304, '', '')
}

/** The resource as the JSON API writes it. */
export function resource(object: StoredObject): Record<string, unknown> {
  const { name, content, generation, metageneration, contentType, updated, metadata } = object
  return {
    ...{ kind: 'storage#object', name, bucket: 'bucket', generation },
    ...{ metageneration: String(metageneration), contentType, metadata },
    ...{ contentEncoding: object.contentEncoding, cacheControl: object.cacheControl },
    ...{ size: String(content.length), crc32c: crc32c(content), md5Hash: md5(content) },
    ...{ updated: updated.toISOString(), timeCreated: updated.toISOString() },
  }
}
