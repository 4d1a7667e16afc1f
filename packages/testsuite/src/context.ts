import assert from 'node:assert/strict'
import { setImmediate as immediate } from 'node:timers/promises'
import type {
  Capabilities,
  FileInfo,
  FileWriter,
  OperationOptions,
  StorageDriver,
  StorageErrorCode,
  WriterOptions,
} from '@stowage/core'
import { Data, randomOf } from './data.ts'
import { assertStorageError, type ExpectedError } from './expect-error.ts'
import { type Guarded, guarded } from './guard.ts'
import type { DataRecipe } from './job.ts'
import type { Settings } from './options.ts'
import { comesTrue } from './patience.ts'

/** Bytes of a file whose size does not matter. */
const SMALL = 32
/** More items than any case makes. */
const ENDLESS = 100_000
/** How long a condition may take to become true, in looks. */
const COMES_TRUE_MS = 30_000

/** What a case works with: a storage of its own, empty at first, and everything made from the seed. */
export class CaseContext {
  readonly settings: Settings
  /** Id of the case's storage. */
  readonly storage: string
  readonly driver: StorageDriver
  /** Aborted when the case is over, or has run out of time. */
  readonly signal: AbortSignal
  /** Every instance that was opened, with the id of its storage. */
  readonly opened: { readonly storage: string; readonly made: Guarded }[] = []
  readonly #label: string

  /** @param driver the instance on the case's storage. */
  constructor(
    settings: Settings,
    driver: StorageDriver,
    { label, storage, signal }: { label: string; storage: string; signal: AbortSignal },
  ) {
    this.settings = settings
    this.storage = storage
    this.driver = this.#guard(driver, storage)
    this.signal = signal
    this.#label = label
  }

  get capabilities(): Capabilities {
    return this.driver.capabilities
  }

  /** A second instance on the same storage, as another process has it; the same one where there is none. */
  async reopen(): Promise<StorageDriver> {
    if (!this.capabilities.persistent) return this.driver
    return this.openOther('')
  }

  /** Another storage, empty at first, whose id begins with the id of this one. */
  async openOther(suffix: string): Promise<StorageDriver> {
    const storage = this.storage + suffix
    const driver = await this.settings.open(storage)
    if (!this.signal.aborted) return this.#guard(driver, storage)
    // Nobody would close it any more.
    await driver.close()
    throw this.signal.reason
  }

  /** The ids of all storages that were opened. */
  get storages(): ReadonlySet<string> {
    return new Set(this.opened.map(({ storage }) => storage))
  }

  /** An instance on that storage which no case has closed. */
  async instanceOn(storage: string): Promise<StorageDriver> {
    const alive = this.opened.find(({ made, storage: id }) => id === storage && !made.closed)
    return alive?.made.driver ?? this.#guard(await this.settings.open(storage), storage)
  }

  #guard(driver: StorageDriver, storage: string): StorageDriver {
    const made = guarded(driver)
    this.opened.push({ made, storage })
    return made.driver
  }

  data(label: string, size: number = SMALL): Data {
    const recipe = this.recipe(label, size)
    return new Data(recipe.seed, recipe.label, recipe.size)
  }

  /** With this, another process makes the same {@link data}. */
  recipe(label: string, size: number): DataRecipe {
    return { seed: this.settings.seed, label: `${this.#label}\0${label}`, size }
  }

  /** A number from 0 to before 1, or with a limit a whole number before it. */
  random(label: string): (limit?: number) => number {
    const next = randomOf(this.settings.seed, `${this.#label}\0${label}`)
    return (limit) => (limit === undefined ? next() : Math.floor(next() * limit))
  }

  /** Stores a file with data of its own. */
  async put(path: string, size: number = SMALL): Promise<Data> {
    const data = this.data(path, size)
    await this.driver.putContent(path, data.bytes())
    return data
  }

  /** Stores small files, some at a time. */
  async putAll(paths: readonly string[]): Promise<void> {
    const queue = [...paths]
    const worker = async (): Promise<void> => {
      for (let path = queue.pop(); path !== undefined; path = queue.pop()) await this.put(path)
    }
    await Promise.all(Array.from({ length: 16 }, worker))
  }

  /** An open writer that has accepted the data. */
  async begin(path: string, data: Data, options?: WriterOptions): Promise<FileWriter> {
    const writer = await this.driver.writer(path, options)
    await feed(writer, data)
    return writer
  }

  /** Writes a file by a writer and publishes it. */
  async commit(path: string, data: Data): Promise<void> {
    const writer = await this.begin(path, data)
    await writer.commit()
    await writer.close()
  }

  /** Leaves an unfinished upload with the data. */
  async leave(path: string, data: Data): Promise<void> {
    await (await this.begin(path, data)).close()
  }

  /** The file is there with this data, whichever way one asks. */
  async holds(path: string, data: Data, driver: StorageDriver = this.driver): Promise<void> {
    data.check(await driver.getContent(path))
    await data.verify(await driver.reader(path))
    const { size, isDir, path: named } = await driver.stat(path)
    assert.deepEqual({ path: named, size, isDir }, { path, size: data.size, isDir: false })
  }

  /** Nothing is at the path, whichever way one asks. */
  async isMissing(path: string, driver: StorageDriver = this.driver): Promise<void> {
    const expected = { path, driver }
    await this.rejects(driver.stat(path), 'PATH_NOT_FOUND', expected)
    await this.rejects(driver.getContent(path), 'PATH_NOT_FOUND', expected)
    await this.rejects(driver.reader(path), 'PATH_NOT_FOUND', expected)
    const cut = path.lastIndexOf('/')
    const siblings = await paths(driver.list(path.slice(0, cut) || '/')).catch(
      (error): string[] => {
        if (error.code === 'PATH_NOT_FOUND') return []
        throw error
      },
    )
    assert.ok(!siblings.includes(path), `list names ${path}`)
  }

  /** The promise fails with an error of one of these codes, complete in every respect. */
  async rejects(
    promise: Promise<unknown>,
    code: StorageErrorCode | readonly StorageErrorCode[],
    expected: Partial<ExpectedError> = {},
  ): Promise<void> {
    const codes = typeof code === 'string' ? [code] : code
    const outcome = await promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    if (!('error' in outcome)) {
      assert.fail(`${codes.join(' or ')} expected, but it succeeded`)
    }
    assertStorageError(outcome.error, codes, { driver: this.driver, ...expected })
  }

  /** Waits until the condition holds. */
  async eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const ms = COMES_TRUE_MS * this.settings.patience
    assert.ok(
      await comesTrue(ms, condition, this.signal),
      `still not so after ${Math.round(ms)} ms: ${what}`,
    )
  }

  /** All that a walk reports, as keys: directories with a final `/`. */
  async walked(
    path: string,
    options: OperationOptions & { startAfter?: string } = {},
    driver: StorageDriver = this.driver,
  ): Promise<string[]> {
    return (await paths(driver.walk(path, options))).map(keyOf)
  }

  /** Watches, again and again, while the work is under way. Gives what the work gives. */
  async during<T>(work: Promise<T>, watch: () => Promise<unknown>): Promise<T> {
    let working = true
    const end = work.finally(() => {
      working = false
    })
    // Where watching fails first, nobody waits for the work any more.
    end.catch(() => {})
    while (working && !this.signal.aborted) {
      await watch()
      // A driver that needs no event of the system would keep timers from running for ever.
      await immediate()
    }
    return end
  }
}

/** The items of a lazy iteration. */
export async function paths<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of source) {
    found.push(item)
    if (found.length > ENDLESS) assert.fail(`more than ${ENDLESS} items, the last ${String(item)}`)
  }
  return found
}

/** Removes everything that the driver can see. */
export async function empty(driver: StorageDriver): Promise<void> {
  for (const child of await paths(driver.list('/'))) await driver.delete(child)
  if (driver.capabilities.purgeUploads) await driver.purgeUploads('/', { olderThan: anyAge() })
}

/** Later than the begin of any upload, also by a clock that differs from this one. */
export function anyAge(): Date {
  return new Date(Date.now() + 24 * 3600 * 1000)
}

/** As `entryKey` of core, which the suite does not trust. */
export function keyOf({ path, isDir }: FileInfo): string {
  return isDir ? `${path}/` : path
}

/** Byte order of UTF-8, by the bytes themselves. */
export function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Writes data into a writer, some at a time. */
export async function feed(
  writer: FileWriter,
  data: Data,
  { from = 0, to = data.size, chunk }: { from?: number; to?: number; chunk?: number } = {},
): Promise<void> {
  for await (const piece of data.stream(chunk, from, to)) {
    assert.equal(await writer.write(piece), piece.length, 'what write resolves with')
  }
}
