import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { isStorageError, type StorageDriver } from '@stowage/core'
import type { Rule } from '../faults/fault.ts'
import { type FaultProxy, startFaultProxy } from '../faults/proxy.ts'
import { within } from '../patience.ts'
import type { OddDialect, RequestKind } from './dialect.ts'
import { FILES, type OddOperation } from './operations.ts'
import type { OddAnswersOptions, OddLimits } from './options.ts'

/** How long a call may take before it counts as hanging. */
const HANG_MS = 60_000
const LIMITS: OddLimits = { idleTimeoutMs: 30_000, requestTimeoutMs: 30_000 }

/** How an operation ended. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A storage with a few files, and the proxy through which the driver under test reaches it. */
export class OddWorld {
  readonly options: OddAnswersOptions
  readonly dialect: OddDialect
  readonly proxy: FaultProxy
  readonly patience: number
  /** An instance that does not go through the proxy. */
  readonly direct: StorageDriver
  readonly #storage: string
  readonly #drivers: StorageDriver[] = []

  private constructor(
    options: OddAnswersOptions,
    parts: Pick<OddWorld, 'dialect' | 'proxy' | 'direct' | 'patience'> & { storage: string },
  ) {
    this.options = options
    this.dialect = parts.dialect
    this.proxy = parts.proxy
    this.direct = parts.direct
    this.patience = parts.patience
    this.#storage = parts.storage
  }

  static async open(
    options: OddAnswersOptions,
    dialect: OddDialect,
    patience: number,
  ): Promise<OddWorld> {
    const { upstream } = options
    const url = typeof upstream === 'string' ? upstream : await upstream()
    const storage = `o${randomBytes(6).toString('hex')}`
    const proxy = await startFaultProxy(url, { nameOf: (asked) => dialect.kindOf(asked) })
    const direct = await options.create(storage, url, LIMITS)
    const world = new OddWorld(options, { dialect, proxy, direct, patience, storage })
    for (const [path, content] of Object.entries(FILES)) await direct.putContent(path, content)
    return world
  }

  /** The driver under test: an instance of its own. */
  async driver(limits: Partial<OddLimits> = {}): Promise<StorageDriver> {
    const given = { ...LIMITS, ...limits }
    const driver = await this.options.create(this.#storage, this.proxy.endpoint, given)
    this.#drivers.push(driver)
    return driver
  }

  /** What comes of the operation while the rule holds. A call that hangs is a failure. */
  async outcome(one: OddOperation, rule: Rule, driver?: StorageDriver): Promise<Outcome> {
    const under = driver ?? (await this.driver())
    this.proxy.reset()
    this.proxy.rule = rule
    const call = one.act(under).then(
      (value): Outcome => ({ value }),
      (error: unknown): Outcome => ({ error }),
    )
    try {
      return await within(HANG_MS * this.patience, one.id, call)
    } finally {
      this.proxy.rule = () => undefined
    }
  }

  /** How many requests of that kind came since the last operation began. */
  count(kind: RequestKind): number {
    return this.proxy.operations.filter((seen) => seen === kind).length
  }

  /**
   * Every file is there with its content, and no other.
   * @param partial whether copies of a directory's files may be at their new place.
   */
  async isUnchanged(partial = false): Promise<void> {
    await this.proxy.settled()
    const found: Record<string, Buffer> = {}
    for await (const { path, isDir } of this.direct.walk('/')) {
      if (isDir || (partial && path.startsWith('/new/'))) continue
      found[path] = Buffer.from(await this.direct.getContent(path))
    }
    assert.deepEqual(
      new Set(Object.keys(found)),
      new Set(Object.keys(FILES)),
      'the files that are there',
    )
    for (const [path, content] of Object.entries(FILES)) {
      assert.ok(found[path]?.equals(content), `the content of ${path} has changed`)
    }
  }

  /** Puts back what an operation has changed. */
  async restore(): Promise<void> {
    this.proxy.rule = () => undefined
    for (const driver of this.#drivers.splice(0)) await driver.close()
    for await (const path of this.direct.list('/')) await this.direct.delete(path)
    for (const [path, content] of Object.entries(FILES)) await this.direct.putContent(path, content)
  }

  /** Ends everything. What fails here has failed before. */
  async end(): Promise<void> {
    for (const driver of this.#drivers) await driver.close().catch(() => {})
    for (const path of Object.keys(FILES)) await this.direct.delete(path).catch(() => {})
    await this.direct.close().catch(() => {})
    await this.proxy.stop()
  }
}

/** The error, which must be one of Stowage and of none of these codes. */
export function failedBut(outcome: Outcome, ...never: readonly string[]): void {
  if (!('error' in outcome)) assert.fail(`an error expected, but it gave ${shown(outcome.value)}`)
  const { error } = outcome
  assert.ok(isStorageError(error), `an error of Stowage expected, but it is ${String(error)}`)
  assert.ok(!never.includes(error.code), `it may not be ${error.code}: ${error.message}`)
}

export function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return JSON.stringify(value) ?? 'nothing'
}
