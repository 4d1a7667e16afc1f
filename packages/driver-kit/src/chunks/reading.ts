import { ContentError, PathNotFoundError, RevisionChangedError } from '@stowage/core/driver'
import type { ChunkStore, StoredFile } from './store.ts'

/** @throws PathNotFoundError where no file is. */
export async function findFile(
  store: ChunkStore,
  path: string,
  signal: AbortSignal | undefined,
): Promise<StoredFile> {
  const file = await store.find(path, signal)
  if (file === undefined) throw new PathNotFoundError(path)
  return file
}

/**
 * The bytes from `start` to before `end`, chunk by chunk. One chunk is in memory at a time.
 * @throws RevisionChangedError where the file is replaced or removed meanwhile.
 * @throws ContentError where the store gives fewer bytes than it should.
 */
export async function* chunksOf(
  store: ChunkStore,
  file: StoredFile,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { path, revision, chunkSize, size } = file
  for (let at = start; at < Math.min(end, size); ) {
    const index = Math.floor(at / chunkSize)
    const chunk = await store.readChunk(revision, index, signal)
    if (chunk === undefined) {
      throw new RevisionChangedError('the file was replaced or removed while it was read', { path })
    }
    const first = index * chunkSize
    const whole = Math.min(chunkSize, size - first)
    if (chunk.length < whole) {
      const text = `chunk ${index} has ${chunk.length} of ${whole} bytes`
      throw new ContentError(`${text}: the stored data is damaged`, { path })
    }
    const bytes = chunk.subarray(at - first, Math.min(whole, end - first))
    at += bytes.length
    yield bytes
  }
}

/** @throws RevisionChangedError where the file is replaced or removed meanwhile. Core reads it again then. */
export async function contentOf(
  store: ChunkStore,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const file = await findFile(store, path, signal)
  const content = Buffer.allocUnsafeSlow(file.size)
  let at = 0
  for await (const bytes of chunksOf(store, file, 0, file.size, signal)) {
    content.set(bytes, at)
    at += bytes.length
  }
  return content
}
