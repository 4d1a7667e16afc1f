import { Readable } from 'node:stream'
import {
  compareKeys,
  InvalidOffsetError,
  PathNotFoundError,
  RevisionChangedError,
  UnavailableError,
} from '@stowage/core'
import {
  type DeleteFailure,
  type DeleteOutcome,
  type DeleteRequest,
  type GetRequest,
  type GetResult,
  type ListingOrder,
  type ListPage,
  type ListRequest,
  type NameRules,
  Names,
  type ObjectBackend,
  type ObjectInfo,
  type ObjectPutOptions,
  type PutResult,
  type RequestContext,
} from '../../src/index.ts'

/** A request, as it stands in {@link MemoryBackend.requests}: `copy a b`. */
interface Request {
  readonly operation: string
  readonly keys: readonly string[]
  readonly path: string
  readonly signal: AbortSignal | undefined
}

export interface MemoryOptions {
  readonly names?: Partial<NameRules>
  readonly listing?: Partial<ListingOrder>
  readonly pageSize?: number
  readonly deleteBatch?: number
  /** Whether a request can have a condition. */
  readonly conditions?: boolean
  readonly fileAndDirectory?: boolean
  readonly tellsMissing?: boolean
  /** Whether a listing by delimiter names markers beside their common prefix. */
  readonly namesMarkers?: boolean
  /** Whether a listing takes no notice of where it is to begin. */
  readonly ignoresStart?: boolean
  /** Whether a page begins with the last entry of the one before. */
  readonly repeats?: boolean
  /** Whether the answer to a copy has its size. */
  readonly tellsCopy?: boolean
}

interface Stored {
  readonly bytes: Uint8Array
  readonly revision: string
  readonly modTime: Date
  readonly marker?: ObjectInfo['marker']
  readonly metadata?: ObjectPutOptions['metadata']
}

/** A fake object store in memory: with every order of a listing, and faults before and after a request does its work. */
export class MemoryBackend implements ObjectBackend {
  readonly name = 'memory'
  readonly capabilities: ObjectBackend['capabilities']
  readonly names: Names
  readonly listing: ListingOrder
  readonly deleteBatch: number
  readonly tellsMissing: boolean
  readonly objects = new Map<string, Stored>()
  /** What was asked, in order: the operation and its keys. */
  readonly requests: string[] = []
  /** Called before a request does its work. It may wait, change {@link objects}, or throw: then nothing is done. */
  before: (request: Request) => unknown = () => {}
  /** Called afterwards. What it throws is a lost answer. */
  after: (request: Request) => unknown = () => {}
  /** Keys of a batch that it leaves, and why. */
  leaves: (key: string) => Pick<DeleteFailure, 'error'> | undefined = () => undefined
  readonly #options: MemoryOptions
  #revision = 0

  constructor(options: MemoryOptions = {}) {
    this.#options = options
    const {
      names,
      listing,
      deleteBatch = 1,
      fileAndDirectory = true,
      tellsMissing = false,
    } = options
    this.names = new Names({ root: '', maxKeyBytes: 1024, ...names })
    this.listing = { order: 'utf8', start: 'after', ...listing }
    this.capabilities = { fileAndDirectory }
    this.deleteBatch = deleteBatch
    this.tellsMissing = tellsMissing
  }

  /** Stores an object without a request. */
  store(key: string, content: string | Uint8Array = '', about: Partial<Stored> = {}): Stored {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const stored = { bytes, revision: `r${++this.#revision}`, modTime: new Date(0), ...about }
    this.objects.set(key, stored)
    return stored
  }

  /** All keys with what they hold. */
  contents(): Record<string, string> {
    const all = [...this.objects].map(([key, { bytes }]) => [key, Buffer.from(bytes).toString()])
    return Object.fromEntries(all.sort(([a = ''], [b = '']) => compareKeys(a, b)))
  }

  async #request<T>(
    operation: string,
    keys: readonly string[],
    { path, signal }: RequestContext,
    run: () => T,
  ): Promise<T> {
    const request = { operation, keys, path, signal }
    signal?.throwIfAborted()
    this.requests.push([operation, ...keys].join(' '))
    await this.before(request)
    await new Promise((next) => setImmediate(next))
    signal?.throwIfAborted()
    const result = run()
    await this.after(request)
    return result
  }

  #info(key: string, path: string): ObjectInfo {
    const stored = this.objects.get(key)
    if (stored === undefined) throw new PathNotFoundError(path)
    const { bytes, revision, modTime, marker } = stored
    return { key, size: bytes.length, modTime, revision, marker }
  }

  head(key: string, context: RequestContext): Promise<ObjectInfo> {
    return this.#request('head', [key], context, () => this.#info(key, context.path))
  }

  get(key: string, { range }: GetRequest, context: RequestContext): Promise<GetResult> {
    return this.#request('get', [key], context, () => {
      const info = this.#info(key, context.path)
      const [first, last = info.size - 1] = range ?? [0]
      if (first > 0 && first >= info.size) throw new InvalidOffsetError(context.path, first)
      const body = this.objects.get(key)?.bytes.subarray(first, last + 1) ?? []
      return { info, body: Readable.from([body]), start: first }
    })
  }

  put(
    key: string,
    content: Uint8Array,
    { metadata, modTime }: ObjectPutOptions,
    context: RequestContext,
  ): Promise<PutResult> {
    return this.#request('put', [key], context, () => {
      const { revision } = this.store(key, Buffer.from(content), {
        ...(metadata && { metadata }),
        ...(modTime && { modTime }),
      })
      return { revision }
    })
  }

  list(request: ListRequest, context: RequestContext): Promise<ListPage> {
    return this.#request('list', [request.prefix], context, () => this.#page(request))
  }

  #page({ prefix, delimiter, start, token, limit }: ListRequest): ListPage {
    const { pageSize = 1000, namesMarkers, ignoresStart, repeats } = this.#options
    const entries = new Map<string, ObjectInfo | undefined>()
    for (const key of this.#sorted()) {
      if (!key.startsWith(prefix)) continue
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1
      if (end < 0) entries.set(key, this.#info(key, ''))
      else entries.set(key.slice(0, end + 1), undefined)
    }
    const keys = [...entries.keys()]
    const from = token ?? (ignoresStart ? undefined : start)
    const isFrom = token === undefined ? this.listing.start === 'from' : repeats === true
    const isDue = (key: string): boolean =>
      from === undefined || this.#compare(key, from) > (isFrom ? -1 : 0)
    const due =
      this.listing.order === 'none' ? keys.slice(keys.indexOf(token ?? '') + 1) : keys.filter(isDue)
    const size = (limit ?? pageSize) + (repeats && token !== undefined ? 1 : 0)
    const page = due.slice(0, size)
    const objects = page.map((key) => entries.get(key)).filter((info) => info !== undefined)
    const prefixes = page.filter((key) => entries.get(key) === undefined)
    if (namesMarkers) {
      for (const key of prefixes) if (this.objects.has(key)) objects.push(this.#info(key, ''))
    }
    return { objects, prefixes, more: due.length > size, token: page.at(-1) }
  }

  #sorted(): string[] {
    const keys = [...this.objects.keys()]
    return this.listing.order === 'none' ? keys : keys.sort((a, b) => this.#compare(a, b))
  }

  #compare(a: string, b: string): number {
    if (this.listing.order === 'utf16') return a < b ? -1 : a > b ? 1 : 0
    // By components: what is beneath `a` comes before `a-b`.
    const text = (key: string): string =>
      this.listing.order === 'tree' ? key.replaceAll('/', '\u0000') : key
    return compareKeys(text(a), text(b))
  }

  delete(
    key: string,
    revision: string | undefined,
    context: RequestContext,
  ): Promise<DeleteOutcome> {
    return this.#request('delete', [key], context, () => this.#delete({ key, revision }))
  }

  #delete({ key, revision }: DeleteRequest): DeleteOutcome {
    const found = this.objects.get(key)
    const isOther = revision !== undefined && found !== undefined && found.revision !== revision
    if (this.#options.conditions !== false && isOther) return 'changed'
    const isThere = this.objects.delete(key)
    return isThere || !this.tellsMissing ? 'deleted' : 'missing'
  }

  deleteMany(
    objects: readonly DeleteRequest[],
    context: RequestContext,
  ): Promise<readonly DeleteFailure[]> {
    const keys = objects.map(({ key }) => key)
    return this.#request('deleteMany', keys, context, () => {
      const failures: DeleteFailure[] = []
      for (const object of objects) {
        const left = this.leaves(object.key)
        if (left) failures.push({ ...object, ...left })
        else if (this.#delete(object) === 'changed') failures.push(object)
      }
      return failures
    })
  }

  copy(
    source: ObjectInfo,
    key: string,
    _options: ObjectPutOptions,
    context: RequestContext,
  ): Promise<PutResult> {
    return this.#request('copy', [source.key, key], context, () => {
      const found = this.objects.get(source.key)
      if (found === undefined) throw new PathNotFoundError(context.path)
      if (this.#options.conditions !== false && found.revision !== source.revision) {
        throw new RevisionChangedError('the source is another one', { path: context.path })
      }
      const { revision } = this.store(key, found.bytes, {
        ...(found.metadata && { metadata: found.metadata }),
      })
      return { revision, size: this.#options.tellsCopy ? found.bytes.length : undefined }
    })
  }
}

/** What a lost question or answer looks like to the driver. */
export function lost(operation: string): UnavailableError {
  return new UnavailableError(`the connection broke during ${operation}`)
}
