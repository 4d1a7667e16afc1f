import assert from 'node:assert/strict'
import { isStorageError, type StorageDriver } from '@stowage/core'
import { anyAge, byteOrder, paths } from '../context.ts'
import { Data, randomOf } from '../data.ts'

/** Names that a worker uses. Few: files are replaced, moved onto each other and deleted. */
const NAMES = ['a', 'b', 'c', 'dir/a', 'dir/b', 'dir/sub/c']

/** What a failure may be called where the network is bad. */
const CODES = ['UNAVAILABLE', 'THROTTLED', 'CONTENT', 'MULTIPLE']

interface Members {
  readonly seed: number
  readonly name: string
  readonly partSize: number
  /** Opens another instance by way of the bad network. */
  readonly open: () => Promise<StorageDriver>
  /** Looks around the bad network. */
  readonly direct: StorageDriver
  /** Resolves once nothing is under way any more. */
  readonly settled: () => Promise<void>
}

/** One of several that work at a time, each in a directory of its own, and each knows what must be there. */
export class SoakWorker {
  readonly #members: Members
  readonly #random: () => number
  readonly #root: string
  readonly #known = new Map<string, Data>()
  #driver: StorageDriver | undefined
  #made = 0
  /** Operations so far, and how many failed as they may. */
  done = 0
  failed = 0

  constructor(members: Members) {
    this.#members = members
    this.#random = randomOf(members.seed, members.name)
    this.#root = `/${members.name}`
  }

  /** One operation, drawn by the seed. @throws where the outcome is none that the contract allows. */
  async step(): Promise<void> {
    const operations = [
      () => this.#put(),
      () => this.#put(),
      () => this.#write(),
      () => this.#continue(),
      () => this.#cancel(),
      () => this.#get(),
      () => this.#read(),
      () => this.#list(),
      () => this.#move(),
      () => this.#delete(),
      () => this.#reopen(),
    ]
    const operation = operations[this.#below(operations.length)]
    await operation?.()
    this.done++
  }

  /** Everything is there, and nothing else. */
  async check(): Promise<void> {
    const { direct } = this.#members
    const found = (await paths(direct.walk('/'))).filter(
      ({ path, isDir }) => !isDir && path.startsWith(`${this.#root}/`),
    )
    const expected = [...this.#known.keys()].toSorted(byteOrder)
    assert.deepEqual(found.map(({ path }) => path).toSorted(byteOrder), expected)
    for (const [path, data] of this.#known) data.check(await direct.getContent(path))
  }

  async end(): Promise<void> {
    await this.#driver?.close()
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #path(): string {
    return `${this.#root}/${NAMES[this.#below(NAMES.length)]}`
  }

  #data(largest: number): Data {
    const { seed, name } = this.#members
    return new Data(seed, `${name} ${++this.#made}`, this.#below(largest))
  }

  async #open(): Promise<StorageDriver> {
    this.#driver ??= await this.#members.open()
    return this.#driver
  }

  /**
   * Carries a change out. Where it fails, what is there afterwards must be what was before or what was to be, and
   * is what is known from then on.
   */
  async #change(
    wanted: ReadonlyMap<string, Data | undefined>,
    run: (driver: StorageDriver) => Promise<unknown>,
  ) {
    try {
      await run(await this.#open())
      for (const [path, data] of wanted) this.#know(path, data)
    } catch (error) {
      this.#mayFail(error)
      await this.#members.settled()
      for (const [path, data] of wanted) this.#know(path, await this.#which(path, data))
    }
  }

  #know(path: string, data: Data | undefined): void {
    if (data === undefined) this.#known.delete(path)
    else this.#known.set(path, data)
  }

  #mayFail(error: unknown): void {
    if (!isStorageError(error) || !CODES.includes(error.code)) throw error
    this.failed++
  }

  /** Which of the two is there, whole. */
  async #which(path: string, wanted: Data | undefined): Promise<Data | undefined> {
    const allowed = [this.#known.get(path), wanted]
    const found = await this.#members.direct.getContent(path).catch((error: unknown) => {
      if (isStorageError(error, 'PATH_NOT_FOUND')) return undefined
      throw error
    })
    if (found === undefined) {
      assert.ok(allowed.includes(undefined), `${path} is gone`)
      return undefined
    }
    for (const data of allowed) {
      if (data?.size !== found.length) continue
      data.check(found)
      return data
    }
    assert.fail(`${path} holds ${found.length} bytes that nobody has stored`)
  }

  async #put(): Promise<void> {
    const path = this.#path()
    const data = this.#data(100_000)
    await this.#change(new Map([[path, data]]), (driver) => driver.putContent(path, data.bytes()))
  }

  async #write(): Promise<void> {
    const path = this.#path()
    const data = this.#data(this.#below(4) === 0 ? 2.5 * this.#members.partSize : 50_000)
    await this.#change(new Map([[path, data]]), async (driver) => {
      const writer = await driver.writer(path)
      try {
        for await (const chunk of data.stream(20_000 + this.#below(200_000)))
          await writer.write(chunk)
        await writer.commit()
      } catch (error) {
        await writer.cancel().catch(() => {})
        throw error
      }
    })
    await this.#purge()
  }

  /** An upload that is left, found again and completed. Beside it there is none: the newest is this one. */
  async #continue(): Promise<void> {
    const path = this.#path()
    const data = this.#data(1.5 * this.#members.partSize)
    const cut = this.#below(data.size)
    await this.#change(new Map([[path, data]]), async (driver) => {
      const first = await driver.writer(path)
      try {
        await first.write(data.bytes(0, cut))
      } finally {
        await first.close()
      }
      const second = await driver.writer(path, { append: true })
      try {
        assert.equal(second.size, cut, 'the size of an upload that was closed')
        await second.write(data.bytes(cut))
        await second.commit()
      } finally {
        await second.close()
      }
    })
    await this.#purge()
  }

  async #cancel(): Promise<void> {
    const path = this.#path()
    const data = this.#data(1.5 * this.#members.partSize)
    await this.#change(new Map(), async (driver) => {
      const writer = await driver.writer(path)
      try {
        await writer.write(data.bytes())
      } finally {
        await writer.cancel()
      }
    })
    await this.#purge()
  }

  /** What a failure has left must be found. */
  async #purge(): Promise<void> {
    const { direct } = this.#members
    await this.#members.settled()
    await direct.purgeUploads(this.#root, { olderThan: anyAge() })
  }

  async #look(run: (driver: StorageDriver) => Promise<void>): Promise<void> {
    await run(await this.#open()).catch((error: unknown) => this.#mayFail(error))
  }

  async #get(): Promise<void> {
    const path = this.#path()
    const data = this.#known.get(path)
    if (data === undefined) return
    await this.#look(async (driver) => data.check(await driver.getContent(path)))
  }

  async #read(): Promise<void> {
    const path = this.#path()
    const data = this.#known.get(path)
    if (data === undefined) return
    const offset = this.#below(data.size + 1)
    const stops = this.#below(2) === 0
    await this.#look(async (driver) => {
      const stream = await driver.reader(path, { offset })
      if (!stops) return data.verify(stream, offset)
      for await (const _ of stream) break
    })
  }

  async #list(): Promise<void> {
    await this.#look(async (driver) => {
      const found = await paths(driver.walk(this.#root)).catch((error: unknown) => {
        if (isStorageError(error, 'PATH_NOT_FOUND') && this.#known.size === 0) return []
        throw error
      })
      const files = found.filter(({ isDir }) => !isDir).map(({ path }) => path)
      assert.deepEqual(files.toSorted(byteOrder), [...this.#known.keys()].toSorted(byteOrder))
    })
  }

  async #move(): Promise<void> {
    const [from, to] = [this.#path(), this.#path()]
    const data = this.#known.get(from)
    if (data === undefined || from === to) return
    const wanted = new Map([
      [from, undefined],
      [to, data],
    ])
    await this.#change(wanted, (driver) => driver.move(from, to))
  }

  async #delete(): Promise<void> {
    const path = this.#path()
    if (!this.#known.has(path)) return
    await this.#change(new Map([[path, undefined]]), (driver) => driver.delete(path))
  }

  async #reopen(): Promise<void> {
    await this.#driver?.close()
    this.#driver = undefined
  }
}
