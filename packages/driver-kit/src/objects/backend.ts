import type { Readable } from 'node:stream'
import type { Capabilities, DriverRedirectOptions, StoragePlace } from '@stowage/core/driver'
import type { Names } from './names.ts'

/** What each request is told besides its own arguments. */
export interface RequestContext {
  /** The caller's path, for errors. In a tree, the path of the single file. */
  readonly path: string
  /** Left out for cleaning up: an aborted call cleans up all the same. */
  readonly signal?: AbortSignal | undefined
  /** Sent at once, however many requests wait: others depend on it, such as the renewal of a lease. */
  readonly urgent?: boolean | undefined
}

/** An object as the service describes it. */
export interface ObjectInfo {
  readonly key: string
  /** Bytes. */
  readonly size: number
  /** The file's time: of the last change, or the one kept with the object where the answer has it. */
  readonly modTime: Date
  /** Changes with every change of the object: an ETag, a generation. Left out where the service tells none. */
  readonly revision?: string | undefined
  /**
   * Stands for a folder, or is another tool's unfinished upload: no caller sees it, but it is deleted with its
   * directory. Keys that are no paths (`folder/`) need no such mark: {@link Names.path} hides them.
   */
  readonly marker?: 'folder' | 'upload' | undefined
  /** The service's own answer, for {@link ObjectBackend.copy}: it saves asking again for what a copy keeps. */
  readonly native?: unknown
}

/** How a service lists keys. */
export interface ListingOrder {
  /** The service's name of the request, for errors. Default `list`. */
  readonly operation?: string | undefined
  /** `utf8`: by bytes. `utf16`: by code units, or by bytes. `tree`: by components, `a/b` before `a-b`. `none`: any. */
  readonly order: 'utf8' | 'utf16' | 'tree' | 'none'
  /** What to do about a store that lists in no order although it should, for errors. */
  readonly ifDisordered?: string | undefined
  /** Whether {@link ListRequest.start} is the first key to list (`from`) or the one before it (`after`). */
  readonly start: 'from' | 'after' | 'none'
  /**
   * A listing with a delimiter does not tell a directory that holds only other tools' markers from one with files: the
   * kit lists flat as long as that shows many children, and then looks into each. Otherwise it looks only into those
   * whose marker is listed beside the common prefix.
   */
  readonly hidesMarkers?: boolean | undefined
}

/** One page of a listing. */
export interface ListRequest {
  /** Only keys that begin with it. */
  readonly prefix: string
  /** With `/`, direct children only: deeper keys are told by {@link ListPage.prefixes}. */
  readonly delimiter?: '/' | undefined
  /** Where the first page begins, see {@link ListingOrder.start}. Not given together with a token. */
  readonly start?: string | undefined
  /** From the page before. */
  readonly token?: string | undefined
  /** At most this many entries. Default: as many as the service gives. */
  readonly limit?: number | undefined
  /** Objects whose upload has not ended too, where the service lists them. */
  readonly unfinished?: boolean | undefined
}

/** What a page has. The kit checks it, so a backend may hand on what the service says. */
export interface ListPage {
  /** In the service's order. */
  readonly objects: readonly ObjectInfo[]
  /** Common prefixes, each with its final `/`. */
  readonly prefixes: readonly string[]
  /** Whether the service says that more pages follow. `more` without `token` is refused. */
  readonly more: boolean
  readonly token?: string | undefined
  /** The service's clock, where the answer tells it. */
  readonly date?: Date | undefined
}

/** What to read of an object. */
export interface GetRequest {
  /** First byte, and the last one, included; left out: to the end. */
  readonly range?: readonly [first: number, last: number | undefined] | undefined
  /** Only of this revision, where the service can tell. */
  readonly revision?: string | undefined
}

/** An object whose body is about to come. */
export interface GetResult {
  /** Of the revision that the body is of; `size` is that of the whole object. */
  readonly info: ObjectInfo
  readonly body: Readable
  /** Where the body begins. Undefined: the service took no notice of the range, the whole object comes. */
  readonly start: number | undefined
}

/** What a new object has besides its bytes. */
export interface ObjectPutOptions {
  /** The file's time, kept in metadata. Of a copy, left out: as at the source. */
  readonly modTime?: Date | undefined
  /** Refused where an object is there. */
  readonly ifAbsent?: boolean | undefined
  /** Refused where the object is of another revision. */
  readonly ifRevision?: string | undefined
  /** Text to keep with the object, for the driver's own objects. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** What the service tells of an object that it has taken. */
export interface PutResult {
  /** Left out where the service does not tell it. */
  readonly revision?: string | undefined
  /** Bytes of a copy. Left out where the answer does not tell them: the kit asks, and compares with the source. */
  readonly size?: number | undefined
}

/** An object to delete. */
export interface DeleteRequest {
  readonly key: string
  /** Only of this revision, where the service can tell. */
  readonly revision?: string | undefined
}

/** `deleted` also where the service does not tell; `changed`: it is of another revision, and stays. */
export type DeleteOutcome = 'deleted' | 'missing' | 'changed'

/** An object that a batch has not deleted. */
export interface DeleteFailure extends DeleteRequest {
  /** Why. Left out: the batch could not name the key, or does not say. It is deleted by a request of its own. */
  readonly error?: Error | undefined
}

/**
 * An object store, as the engine of this kit uses it. Every method is one request, retried by the backend (the
 * service's SDK, or a layer of its own). What fails is one of Stowage's errors, without secrets, or the signal's
 * reason: PathNotFoundError for an object that is not there, RevisionChangedError for a condition that is not met,
 * UnsupportedMethodError for a request that the service does not have. A backend checks no path and hides no key.
 */
export interface ObjectBackend {
  /** The driver's name in errors. */
  readonly name: string
  readonly capabilities: Partial<Capabilities>
  readonly names: Names
  readonly listing: ListingOrder
  /** Most keys of one {@link deleteMany}; 1: there is no such request. */
  readonly deleteBatch: number
  /**
   * Whether {@link delete} tells for sure if the object was there, also after a lost answer. Then a delete of a path
   * does not wait for a listing that shows it.
   */
  readonly tellsMissing?: boolean | undefined

  /** @throws PathNotFoundError. */
  head(key: string, context: RequestContext): Promise<ObjectInfo>
  /**
   * Begins to read.
   * @throws PathNotFoundError, RevisionChangedError; InvalidOffsetError where the range begins at the end or beyond.
   */
  get(key: string, request: GetRequest, context: RequestContext): Promise<GetResult>
  /** Creates or replaces the object in one step. The bytes may change once it has settled. */
  put(
    key: string,
    content: Uint8Array,
    options: ObjectPutOptions,
    context: RequestContext,
  ): Promise<PutResult>
  list(request: ListRequest, context: RequestContext): Promise<ListPage>
  /** With a revision, only of that one, where the service can tell. An object that is gone is no error. */
  delete(key: string, revision: string | undefined, context: RequestContext): Promise<DeleteOutcome>
  /**
   * Deletes several objects, and gives those that it has not deleted. One that is gone already counts as deleted.
   * @throws UnsupportedMethodError: the kit goes on one by one, from then on.
   */
  deleteMany?(
    objects: readonly DeleteRequest[],
    context: RequestContext,
  ): Promise<readonly DeleteFailure[]>
  /**
   * Copies within the service, the revision of `source` and no other one, in one visible step. What the source has
   * besides its bytes is kept. Several requests where the object is large, or where the service cannot copy: then it
   * is read and written.
   * @throws PathNotFoundError where the source is gone, and for nothing else; RevisionChangedError.
   */
  copy(
    source: ObjectInfo,
    key: string,
    options: ObjectPutOptions,
    context: RequestContext,
  ): Promise<PutResult>
  /** A URL that reads the object without credentials. Asks nothing of the object. */
  presign?(
    key: string,
    request: Omit<DriverRedirectOptions, 'signal'>,
    context: RequestContext,
  ): Promise<string | undefined>
  /**
   * Where files and directories exclude each other: whether the error says that a file or a directory is in the way.
   * Stores on file systems also say it of one that they are just removing.
   */
  isConflict?(error: unknown): boolean
  /** Where the directory lies, for StorageDriver.locate. No request. */
  locate?(prefix: string): Promise<StoragePlace>
  close?(): Promise<void>
}

/** What deletes and moves of trees need of a backend. */
export type TreeBackend = Pick<
  ObjectBackend,
  | ('names' | 'capabilities' | 'listing' | 'deleteBatch' | 'tellsMissing' | 'isConflict')
  | ('head' | 'list' | 'delete' | 'deleteMany' | 'copy')
>
