import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { raceSignal } from './abort.ts'
import { argumentError } from './wrap-error.ts'

type Chunk = Uint8Array | string

/** What can be stored in one line. Text, alone or in pieces, is stored as UTF-8. */
export type UploadSource =
  | Readable
  | ReadableStream<Chunk>
  | AsyncIterable<Chunk>
  | Iterable<Chunk>
  | Blob
  | Chunk

interface OpenSource {
  next(): Promise<IteratorResult<unknown>>
  /** Frees what the source holds, also while a `next` is pending. */
  abandon(): void
}

/**
 * The bytes of a source, one chunk at a time. Whatever ends the iteration frees the source at once: a
 * stream is destroyed, a web stream cancelled, an iterator returned.
 */
export async function* bytesOf(
  source: UploadSource,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const wasRead = Readable.isDisturbed(source as Readable)
  const opened = openSource(source)
  let isFirst = true
  let finished = false
  try {
    for (;;) {
      signal?.throwIfAborted()
      const step = await raceSignal(opened.next(), signal)
      if (step.done && isFirst && wasRead) {
        throw argumentError('the source has already been read: there is nothing left to store')
      }
      if (step.done) break
      isFirst = false
      yield toBytes(step.value)
    }
    finished = true
  } finally {
    if (!finished) opened.abandon()
  }
}

/** Frees a source that will not be read. */
export function abandon(source: UploadSource): void {
  openSource(source).abandon()
}

function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (chunk instanceof Uint8Array) return chunk
  throw argumentError(`a source gives Uint8Arrays or strings, not ${typeof chunk}`)
}

function openSource(source: UploadSource): OpenSource {
  if (typeof source === 'string' || source instanceof Uint8Array) return fromIterable([source])
  // By what they can do: a copy of a class in another realm is as good.
  if (has<Blob>(source, 'stream')) return fromWeb(source.stream())
  if (has<ReadableStream>(source, 'getReader')) return fromWeb(source)
  if (has<Readable>(source, 'destroy') && has<Readable>(source, 'pipe')) {
    const { next } = fromIterable(source)
    // Without a listener, an error on the way out would bring the process down.
    return { next, abandon: () => void source.on('error', () => {}).destroy() }
  }
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

function fromWeb(stream: Pick<ReadableStream, 'getReader'>): OpenSource {
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    abandon: () => void reader.cancel().catch(() => {}),
  }
}

function fromIterable(source: AsyncIterable<unknown> | Iterable<unknown>): OpenSource {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  return {
    next: async () => iterator.next(),
    abandon: () => void Promise.resolve(iterator.return?.()).catch(() => {}),
  }
}
