import { randomBytes } from 'node:crypto'
import { ContentError } from '@stowage/core'
import type { Api } from './api.ts'
import { isConditionFailure, isMissing, uploadGone } from './errors.ts'
import { getObject, insertObject } from './objects.ts'
import { thisProcess } from './owner.ts'

/** Metadata of a session's state. None of it is a secret: whoever may list the bucket reads it. */
export const OWNER = 'stowageowner'
const MARK = 'stowagemark'
export const SIZE = 'stowagesize'
export const PATH = 'stowagepath'

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
    if (version === 1 && bytes.length === tail && Number.isSafeInteger(stored)) {
      return { uri, stored, crc, tail: bytes }
    }
  } catch {
    // No state, then. The error of JSON.parse would quote it.
  }
  throw new ContentError('the state of an unfinished upload cannot be read', { path })
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined
  /** For whoever comes next; else in the name of this process. */
  readonly idle: boolean
  /** Marks of this writer's attempts so far; a new one is added. */
  readonly marks: Set<string>
}

/**
 * Stores the state in place of the generation that is known, and gives the new generation.
 * @throws UploadNotFoundError where another one has changed or removed it.
 */
export async function writeState(
  api: Api,
  { key, path, generation }: StateAddress,
  state: SessionState,
  { signal, idle, marks }: WriteOptions,
): Promise<string> {
  const mark = randomBytes(8).toString('hex')
  const size = String(state.stored + state.tail.length)
  const owner = idle ? '' : thisProcess()
  const metadata = { [OWNER]: owner, [MARK]: mark, [SIZE]: size, [PATH]: path }
  const content = encode(state)
  const write = async (ifGenerationMatch: string): Promise<string> =>
    generationOf(
      // It does not wait behind content: the lease depends on it.
      await insertObject(api, key, content, {
        ...{ path, signal, metadata, ifGenerationMatch, urgent: true },
      }),
      path,
    )
  marks.add(mark)
  try {
    return await write(generation)
  } catch (error) {
    if (!isConditionFailure(error)) throw error
    // The refusal may come from an attempt that had worked, although its answer was lost.
    const there = await getObject(api, key, { path, signal }).catch((missing: unknown) => {
      throw isMissing(missing) ? uploadGone(path, error) : missing
    })
    const found = there.metadata?.[MARK] ?? ''
    if (found === mark) return generationOf(there, path)
    if (!marks.has(found)) throw uploadGone(path, error)
    return write(generationOf(there, path))
  }
}

function generationOf({ generation }: { readonly generation?: string }, path: string): string {
  if (generation) return generation
  throw new ContentError('the service did not say which generation it stored', { path })
}
