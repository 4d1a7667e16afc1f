import { randomBytes } from 'node:crypto'
import type { StorageDriver } from '@stowage/core'
import { anyAge, empty } from '../context.ts'
import { comesTrue, within } from '../patience.ts'
import { type Kept, type Operation, type Stage, treeBefore } from './operation.ts'
import type { FaultSettings } from './options.ts'
import { type FaultProxy, startFaultProxy } from './proxy.ts'
import { type Contents, type Tree, treeOf } from './tree.ts'
import { begunBytes } from './writer-operations.ts'

/** Time for what is none of the driver's waiting. */
const SLACK_MS = 200_000
/** A driver may send another request when one has failed for good, to find out or to clean up. */
const REQUESTS_IN_A_ROW = 3

interface Members {
  readonly settings: FaultSettings
  readonly operation: Operation
  readonly contents: Contents
  readonly storage: string
  readonly proxy: FaultProxy
  readonly direct: StorageDriver
  readonly driver: StorageDriver
}

/** A storage of its own for one trial, with a proxy of its own in front of the backend. */
export class World {
  readonly settings: FaultSettings
  readonly operation: Operation
  readonly contents: Contents
  readonly storage: string
  readonly proxy: FaultProxy
  /** An instance that does not go through the proxy, as another process has it. */
  readonly direct: StorageDriver
  /** The instance under test. */
  readonly driver: StorageDriver
  readonly kept: Kept = {}
  readonly abort: AbortController = new AbortController()

  private constructor(members: Members) {
    this.settings = members.settings
    this.operation = members.operation
    this.contents = members.contents
    this.storage = members.storage
    this.proxy = members.proxy
    this.direct = members.direct
    this.driver = members.driver
  }

  /**
   * Opens it and puts everything there that the operation finds.
   * @param silent whether the driver under test is to give up soon.
   */
  static async open(
    settings: FaultSettings,
    operation: Operation,
    { upstream, contents }: { readonly upstream: string; readonly contents: Contents },
    silent = false,
  ): Promise<World> {
    const storage = `f${randomBytes(6).toString('hex')}`
    const proxy = await startFaultProxy(upstream, { nameOf: settings.nameOf })
    const limits = silent ? { idleTimeoutMs: settings.idleTimeoutMs } : {}
    const opened: StorageDriver[] = []
    try {
      const direct = await settings.create(storage, upstream, {})
      opened.push(direct)
      const driver = await settings.create(storage, proxy.endpoint, limits)
      opened.push(driver)
      const world = new World({ settings, operation, contents, storage, proxy, direct, driver })
      await world.#prepare()
      return world
    } catch (error) {
      await Promise.allSettled([proxy.stop(), ...opened.map((driver) => driver.close())])
      throw error
    }
  }

  async #prepare(): Promise<void> {
    const { files = {}, sessions = [] } = this.operation
    for (const [path, size] of Object.entries(files)) {
      await this.direct.putContent(path, this.contents.get(path, size))
    }
    for (const path of sessions) {
      const writer = await this.direct.writer(path)
      await writer.write(begunBytes(this.stage()))
      await writer.close()
    }
  }

  /** @param signal where the trial is about aborts. */
  stage(signal?: AbortSignal): Stage {
    const { driver, contents, settings } = this
    return { driver, contents, partSize: settings.partSize, signal }
  }

  get before(): Tree {
    return treeBefore(this.operation)
  }

  /** What another process sees. */
  tree(): Promise<Tree> {
    return treeOf(this.direct, this.contents)
  }

  /** The paths of all unfinished uploads that the driver finds. */
  async uploads(): Promise<string[]> {
    if (!this.direct.capabilities.purgeUploads) return []
    const found = await this.direct.purgeUploads('/', { dryRun: true, olderThan: anyAge() })
    return found.map(({ path }) => path)
  }

  /** The longest that a call may take when nothing answers any more. */
  get limitMs(): number {
    const { idleTimeoutMs, attempts, patience } = this.settings
    return idleTimeoutMs * attempts * REQUESTS_IN_A_ROW + SLACK_MS * patience
  }

  /** Ends everything. What fails here has failed before. */
  async end(): Promise<void> {
    const steps = [
      () => this.driver.close(),
      () => this.proxy.stop(),
      () => empty(this.direct),
      () => this.direct.close(),
    ]
    for (const step of steps) await within(this.limitMs, 'the end', step()).catch(() => {})
  }
}

/** Waits until it is so: {@link comesTrue}, or an error that says what is the matter. */
export async function until(
  ms: number,
  what: () => string,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  if (!(await comesTrue(ms, isSo))) throw new Error(`after ${Math.round(ms)} ms ${what()}`)
}
