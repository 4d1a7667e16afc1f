import { randomBytes } from 'node:crypto'
import { ContentError } from '@stowage/core/driver'
import { parseSize, sessionTime } from '@stowage/driver-kit'
import type { Api } from './api.ts'
import { isConditionFailure, isMissing, uploadGone } from './errors.ts'
import { getObject, insertObject, notOurCondition, type ObjectResource } from './objects.ts'
import { thisProcess } from './owner.ts'

/** Metadata of a session's state. None of it is a secret: whoever may list the bucket reads it. */
export const OWNER = 'stowageowner'
const MARK = 'stowagemark'
export const SIZE = 'stowagesize'
export const PATH = 'stowagepath'
/** When the session was begun, in milliseconds by the service's clock; in its first state its age instead. */
const BEGUN = 'stowagebegun'
const AGE = 'stowageage'
/** What requests take is no reason to doubt the clock of who began a session. */
const MAX_SKEW_MS = 10_000

/**
 * What an unfinished upload consists of: a resumable upload of the service with the bytes it has, and the
 * tail that it could not take yet. The address of the upload is in the content, not in the metadata:
 * whoever has it can write.
 */
export interface SessionState {
  /** Undefined while all that there is fits into the tail. */
  readonly uri: string | undefined
  /** Bytes that the resumable upload has. */
  readonly stored: number
  /** Their CRC32C; undefined where nobody knows. */
  readonly crc: number | undefined
  /** The bytes after those. */
  readonly tail: Uint8Array
}

/** Which object the state is, and in which generation. */
export interface StateAddress {
  readonly key: string
  readonly path: string
  /** `0`: it is not there yet. */
  readonly generation: string
}

function encode({ uri, stored, crc, tail }: SessionState): Buffer {
  const head = `${JSON.stringify({ version: 1, uri, stored, crc, tail: tail.length })}\n`
  return Buffer.concat([Buffer.from(head), tail])
}

/** @throws ContentError where it is not what {@link encode} makes. */
export function decodeState(content: Buffer, path: string): SessionState {
  const end = content.indexOf(10)
  try {
    const { version, uri, stored, crc, tail } = JSON.parse(content.subarray(0, end).toString())
    const bytes = content.subarray(end + 1)
    const isState = parseSize(stored) === stored && bytes.length === tail
    if (version === 1 && isState && isMaybe(uri, 'string') && isMaybe(crc, 'number')) {
      return { uri, stored, crc, tail: bytes }
    }
  } catch {
    // No state, then. The error of JSON.parse would quote it.
  }
  throw new ContentError('the state of an unfinished upload cannot be read', { path })
}

function isMaybe(value: unknown, type: 'string' | 'number'): boolean {
  return value === undefined || typeof value === type
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined
  /** For whoever comes next; else in the name of this process. */
  readonly idle: boolean
  /** Marks of this writer's attempts so far; a new one is added. */
  readonly marks: Set<string>
  readonly begun: Begun
}

/** When a session was begun: as `performance.now()` of this process, and by the service's clock once that is known. */
export interface Begun {
  readonly here: number
  there?: number | undefined
}

/**
 * When a session was begun: by the time in its id, unless the service's clock shows that the clock of who began it was
 * wrong. Of two sessions the newest must be found whatever was done to a clock.
 */
export function begunAt(id: string, metadata: Metadata, updated: Date): Date {
  const said = sessionTime(id)
  const { [BEGUN]: begun, [AGE]: age } = metadata
  const known = begun ?? (age === undefined ? undefined : updated.getTime() - Number(age))
  const time = Number(known)
  // What is no time, or none that a Date can have, says nothing.
  const isRight =
    Number.isNaN(new Date(time).getTime()) || Math.abs(time - said.getTime()) <= MAX_SKEW_MS
  return isRight ? said : new Date(time)
}

type Metadata = Readonly<Record<string, string>>

/**
 * Stores the state in place of the generation that is known, and gives the new generation.
 * @throws UploadNotFoundError where another one has changed or removed it.
 */
export async function writeState(
  api: Api,
  { key, path, generation }: StateAddress,
  state: SessionState,
  { signal, idle, marks, begun }: WriteOptions,
): Promise<string> {
  const mark = randomBytes(8).toString('hex')
  const size = String(state.stored + state.tail.length)
  const owner = idle ? '' : thisProcess()
  const age = String(Math.round(performance.now() - begun.here))
  const since = begun.there === undefined ? { [AGE]: age } : { [BEGUN]: String(begun.there) }
  const metadata = { [OWNER]: owner, [MARK]: mark, [SIZE]: size, [PATH]: path, ...since }
  const stored = (object: ObjectResource): string => {
    begun.there ??= object.updated.getTime() - Number(age)
    return generationOf(object, path)
  }
  const content = encode(state)
  const write = async (ifGenerationMatch: string): Promise<string> =>
    stored(
      // It does not wait behind content: the lease depends on it.
      await insertObject(api, key, content, {
        ...{ path, signal, metadata, ifGenerationMatch, urgent: true },
      }),
    )
  marks.add(mark)
  try {
    return await write(generation)
  } catch (error) {
    if (!isConditionFailure(error)) throw error
    // The refusal may come from an attempt that had worked, although its answer was lost.
    const there = await getObject(api, key, { path, signal }).catch((missing: unknown) => {
      if (!isMissing(missing)) throw missing
      // Nothing is there, as it should be: the refusal has another reason than ours.
      if (generation === '0') throw notOurCondition(error, path)
      throw uploadGone(path, error)
    })
    const found = there.metadata[MARK] ?? ''
    if (found === mark) return stored(there)
    if (there.generation === generation) throw notOurCondition(error, path)
    if (!marks.has(found)) throw uploadGone(path, error)
    return write(generationOf(there, path))
  }
}

function generationOf({ generation }: ObjectResource, path: string): string {
  if (generation) return generation
  throw new ContentError('the service did not say which generation it stored', { path })
}
