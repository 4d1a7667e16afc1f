import type { Capabilities } from '@stowage/core/driver'

/** What a step of a {@link ChunkStore} gives: at once, or later. */
export type Maybe<T> = T | Promise<T>

/** A committed file: a path that names a revision. */
export interface StoredFile {
  readonly path: string
  /** Names the chunks that hold the content. */
  readonly revision: string
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modTime: number
  /** Bytes of each chunk of this revision but the last. */
  readonly chunkSize: number
  /** The writer that published it: tells a commit whose answer was lost from another writer's. */
  readonly owner: string
}

/** An unfinished upload: a revision that no path names yet, and the writer that it belongs to. */
export interface StoredUpload {
  readonly path: string
  readonly revision: string
  readonly owner: string
  /** Bytes stored so far, from the start and without a gap. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly chunkSize: number
}

/**
 * What an author writes to keep files in a database or a key-value store. {@link ChunkDriver} makes a driver of it.
 *
 * A file is a path that names a revision, and a revision is a run of chunks: chunk 0, chunk 1 and so on. An upload
 * writes chunks of a revision that no path names yet. To publish is to name it.
 *
 * Duties of the author:
 * - Every method is one step: other callers, in this process and in others, see all of it or nothing.
 * - Every method may be called again after an error, and then ends in the same state. After `publish` has taken
 *   effect and its answer was lost, the repeated call gives false: the driver looks at the file's owner.
 * - Paths are compared by the bytes of their UTF-8. A collation that folds case or accents loses files.
 * - Chunks of a revision that neither a file nor an upload names any more are removed.
 * - Errors of core are thrown as they are; anything else becomes a DriverError.
 */
export interface ChunkStore {
  /** The driver's name in errors. */
  readonly name: string
  /**
   * What the store does beyond {@link CHUNK_CAPABILITIES}: `persistent`, `atomicMove` (see {@link move}), and
   * `modTimes` where it keeps {@link StoredFile.modTime} as it is given.
   */
  readonly capabilities: Partial<Capabilities>
  /** Names the data: two instances with the same text share the uploads that their writers hold. */
  readonly identity: string
  /** Bytes of a chunk in new uploads. A writer holds one chunk in memory. */
  readonly chunkSize: number

  /** The file at exactly this path. */
  find(path: string, signal?: AbortSignal): Maybe<StoredFile | undefined>
  /** Files from the path `from` to before `to`, in byte order, at most `limit`. */
  range(from: string, to: string, limit: number, signal?: AbortSignal): Maybe<readonly StoredFile[]>
  /** Undefined where the revision is gone. The bytes are handed on to the caller, who may change them. */
  readChunk(revision: string, index: number, signal?: AbortSignal): Maybe<Uint8Array | undefined>

  /** Stores a new upload, which is then the newest of its path. */
  begin(upload: StoredUpload, signal?: AbortSignal): Maybe<void>
  /** The uploads of the path and, with `beneath`, of all paths beneath it; the newest first. */
  uploads(path: string, beneath: boolean, signal?: AbortSignal): Maybe<readonly StoredUpload[]>
  /**
   * Gives the upload to a new owner, unless it is gone or no longer `upload.owner`'s: then undefined. From now on
   * steps in the name of the old owner fail.
   */
  take(upload: StoredUpload, owner: string, signal?: AbortSignal): Maybe<StoredUpload | undefined>
  /**
   * Stores a chunk, replaces an earlier one of this index, and notes the upload's new size. The bytes may change
   * once this is settled. False, and nothing is stored, where the upload is gone or another owner's.
   */
  writeChunk(
    upload: StoredUpload,
    index: number,
    bytes: Uint8Array,
    size: number,
    signal?: AbortSignal,
  ): Maybe<boolean>
  /**
   * Names the upload's revision at its path, replaces the file there and ends the upload. False, and nothing is
   * changed, where the upload is gone or another owner's.
   */
  publish(upload: StoredUpload, file: StoredFile, signal?: AbortSignal): Maybe<boolean>
  /** Removes the upload and its chunks; nothing where it is gone or another owner's. Never aborted. */
  drop(upload: StoredUpload): Maybe<void>
  /** Stores a file of at most one chunk; an empty file has none. It replaces what is there. */
  put(file: StoredFile, bytes: Uint8Array, signal?: AbortSignal): Maybe<void>
  /**
   * Moves the file at `source`, or where there is none all files beneath it. A file replaces the file at
   * `destination`; a directory replaces all files beneath `destination`. Uploads stay where they are.
   * `too-long`, and nothing is changed, where a path would get longer than `maxBytes` of UTF-8.
   */
  move(
    source: string,
    destination: string,
    maxBytes: number,
    signal?: AbortSignal,
  ): Maybe<'moved' | 'missing' | 'too-long'>
  /** Removes the file, all files beneath the path, and the uploads of both; gives how many there were. */
  remove(path: string, signal?: AbortSignal): Maybe<number>
  close?(): Maybe<void>
}

/** What every driver on a {@link ChunkStore} does. */
export const CHUNK_CAPABILITIES: Partial<Capabilities> = {
  append: true,
  purgeUploads: true,
  fileAndDirectory: true,
  longNames: true,
  unicodePaths: true,
  caseSensitive: true,
  normalizationSensitive: true,
}
