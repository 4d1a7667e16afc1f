import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { raceSignal } from '../abort.ts'
import { argumentError } from '../wrap-error.ts'

type Chunk = Uint8Array | string

/**
 * What can be stored in one line. Text, alone or in pieces, is stored as UTF-8. A stream that was read to
 * its end, or that something else reads from, is refused. It cannot be told whether an iterator was
 * begun, or whether the bytes that a Node.js stream lacks were put back: what they still give is stored.
 */
export type UploadSource =
  | Readable
  | ReadableStream<Chunk>
  | AsyncIterable<Chunk>
  | Iterable<Chunk>
  | Blob
  | Chunk

/** A source whose chunks are ours to take. */
export interface OpenSource {
  next(): Promise<IteratorResult<unknown>>
  /** Frees what the source holds, also while a `next` is pending. */
  abandon(): void
}

/**
 * The bytes of a source, one chunk at a time. Whatever ends the iteration frees the source at once: a
 * stream is destroyed, a web stream cancelled, an iterator returned.
 */
export async function* bytesOf(
  source: OpenSource,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let finished = false
  try {
    for (;;) {
      signal?.throwIfAborted()
      const step = await raceSignal(source.next(), signal)
      if (step.done) break
      yield toBytes(step.value)
    }
    finished = true
  } finally {
    if (!finished) source.abandon()
  }
}

function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (chunk instanceof Uint8Array) return chunk
  throw argumentError(`a source gives Uint8Arrays or strings, not ${typeof chunk}`)
}

/** @throws TypeError if it is no source, or if part of it was read before. */
export function openSource(source: UploadSource): OpenSource {
  if (typeof source === 'string' || source instanceof Uint8Array) return fromIterable([source])
  // By what they can do: a copy of a class in another realm is as good.
  if (has<Blob>(source, 'stream')) return fromWeb(source.stream())
  if (has<ReadableStream>(source, 'getReader')) return fromWeb(source)
  if (has<Readable>(source, 'destroy') && has<Readable>(source, 'pipe')) return fromNode(source)
  const iterable =
    typeof source === 'object' && source !== null
      ? Symbol.asyncIterator in source || Symbol.iterator in source
      : false
  if (iterable) return fromIterable(source)
  throw argumentError('a source is a stream, an iterable, a Blob, a Uint8Array or a string')
}

function has<T>(source: unknown, method: keyof T): source is T {
  return typeof (source as T | undefined)?.[method] === 'function'
}

function fromNode(stream: Readable): OpenSource {
  // Without a listener, an error before the first read or on the way out would bring the process down.
  stream.on('error', () => {})
  const abandon = (): void => void stream.destroy()
  const iterator = stream[Symbol.asyncIterator]()
  let taken = 0
  let given = 0
  let isBegun = false
  let wasRead = false
  const begin = (): void => {
    isBegun = true
    wasRead = Readable.isDisturbed(stream)
    if (wasRead && stream.readableFlowing) throw alreadyRead()
    // `data` tells of every read. Without the `readable` listener it would make the stream flow.
    stream.on('readable', () => {}).on('data', () => taken++)
  }
  const next = async (): Promise<IteratorResult<unknown>> => {
    if (!isBegun) begin()
    const step = await iterator.next()
    if (step.done && given === 0 && wasRead) throw alreadyRead()
    if (!step.done) given++
    if (taken > given) throw argumentError('something else reads from the source at the same time')
    return step
  }
  return { next, abandon }
}

function fromWeb(stream: ReadableStream): OpenSource {
  if (stream.locked) throw argumentError('the source is locked: something else reads it')
  if (Readable.isDisturbed(stream as never)) throw alreadyRead()
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    abandon: () => void reader.cancel().catch(() => {}),
  }
}

/** Iterators that were taken here: a second attempt with one would store an empty file. */
const taken = new WeakSet<object>()

function fromIterable(source: AsyncIterable<unknown> | Iterable<unknown>): OpenSource {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  if (taken.has(iterator)) throw alreadyRead()
  taken.add(iterator)
  return {
    next: async () => iterator.next(),
    abandon: () => void (async () => iterator.return?.())().catch(() => {}),
  }
}

/** Stored without what others took, it would replace a file that is whole. */
export function alreadyRead(): TypeError {
  return argumentError('the source was read before: give a new stream of it')
}
