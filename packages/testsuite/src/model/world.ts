import { setTimeout as delay } from 'node:timers/promises'
import {
  type Capabilities,
  isBeneath,
  isStorageError,
  parentOf,
  pathProblem,
  type StorageErrorCode,
  UnsupportedMethodError,
} from '@stowage/core'
import type { Operation } from './operations.ts'
import { difference, failedWith, type Outcome, outcomeOf } from './outcome.ts'
import type { Side } from './side.ts'
import { snapshot, treeDifference } from './tree.ts'

/** Sessions of one path are told apart by the millisecond they were begun in. */
const SESSION_GAP_MS = 2

type SlotOperation = Extract<Operation, { slot: number }>

/** The oracle and the driver under test side by side: each step happens to both. */
export class World {
  readonly #oracle: Side
  readonly #subject: Side
  readonly #capabilities: Capabilities
  readonly #driver: string
  /** The paths of the writers that have not ended, by slot. */
  readonly #live = new Map<number, string>()
  readonly #closed: string[] = []
  /** Paths with sessions that were open at the same time: which is the newest is the backend's to tell. */
  readonly #unordered = new Set<string>()

  constructor(oracle: Side, subject: Side, capabilities: Capabilities, driver: string) {
    this.#oracle = oracle
    this.#subject = subject
    this.#capabilities = capabilities
    this.#driver = driver
  }

  /** The operation as it can be carried out now, or undefined where it cannot. */
  fit(operation: Operation): Operation | undefined {
    const fitted = this.#fit(operation)
    return this.#applies(fitted) ? fitted : undefined
  }

  /** Carries one operation out on both; what differs, in words, or undefined. */
  async step(operation: Operation): Promise<string | undefined> {
    if (operation.kind === 'writer') await this.#prepare(operation)
    const allowed = await this.#alsoAllowed(operation)
    const expected = this.#refusal(operation) ?? (await on(this.#oracle, operation))
    const actual = await on(this.#subject, operation)
    const lenient = failedWith(actual, ...allowed)
    if (lenient) await this.#follow(operation)
    else {
      const found = difference(expected, actual, this.#driver)
      if (found !== undefined) return found
    }
    await this.#note(operation, lenient ? actual : expected)
    return undefined
  }

  /** Compares all that is visible, with the contents; the instances take turns. */
  async compareTrees(turn: number): Promise<string | undefined> {
    const expected = await snapshot(this.#oracle.driver(0), turn)
    try {
      return treeDifference(expected, await snapshot(this.#subject.driver(turn), turn))
    } catch (error) {
      return `the tree cannot be read: ${String(error)}`
    }
  }

  /** Closes every writer, then compares the unfinished uploads that are left. */
  async compareUploads(): Promise<string | undefined> {
    for (const slot of [...this.#live.keys()]) {
      const found = await this.step({ kind: 'close', slot })
      if (found !== undefined) return `close of w${slot}: ${found}`
    }
    const purge = { kind: 'purge', path: '/', dryRun: true, instance: 0, aborted: false } as const
    const found = await this.step(purge)
    return found && `unfinished uploads: ${found}`
  }

  #fit(operation: Operation): Operation {
    if (operation.kind === 'writer') {
      const path = operation.append && operation.resume ? this.#closed.pop() : undefined
      return path === undefined ? operation : { ...operation, path }
    }
    if (!('slot' in operation) || operation.kind === 'open') return operation
    const { slot, kind } = operation
    const taken = [...(kind === 'finish' ? this.#oracle.readers : this.#oracle.writers).keys()]
    // Writes go on in a writer that is open; the ends of one are tried twice as well.
    const open = kind === 'write' ? taken.filter((other) => this.#live.has(other)) : taken
    const fitting = [open, taken].find((slots) => slots.length > 0) ?? []
    return { ...operation, slot: fitting.includes(slot) ? slot : (fitting[0] ?? slot) }
  }

  /** Steps without a subject, and those whose outcome the contract leaves open, are left out. */
  #applies(operation: Operation): boolean {
    switch (operation.kind) {
      case 'write':
      case 'close':
      case 'cancel':
      case 'commit':
      case 'abort':
        return this.#oracle.writers.has(operation.slot)
      case 'finish':
        return this.#oracle.readers.has(operation.slot)
      case 'reopen':
        return this.#capabilities.persistent
      case 'purge':
        // Whether a held session counts as abandoned is the backend's to tell.
        return this.#liveBeneath(operation.path).length === 0
      case 'writer':
        return (
          !operation.append || !(this.#othersAt(operation) || this.#unordered.has(operation.path))
        )
      default:
        return true
    }
  }

  #othersAt({ slot, path }: SlotOperation & { path: string }): boolean {
    return [...this.#live].some(([other, held]) => held === path && other !== slot)
  }

  #liveBeneath(path: string): number[] {
    const beneath = [...this.#live].filter(([, held]) => held === path || isBeneath(held, path))
    return beneath.map(([slot]) => slot)
  }

  async #prepare({ slot, path }: SlotOperation & { path: string }): Promise<void> {
    if (this.#live.has(slot)) {
      this.#ended(slot, 'close')
      await this.#oracle.writers.get(slot)?.writer.close()
      await this.#subject.writers.get(slot)?.writer.close()
    }
    const shared = this.#othersAt({ kind: 'close', slot, path } as never)
    if (shared) this.#unordered.add(path)
    if (shared || (await this.#uploads(path)) > 0) await delay(SESSION_GAP_MS)
  }

  /** What an undeclared capability has to answer. */
  #refusal(operation: Operation): Outcome | undefined {
    const { append, purgeUploads } = this.#capabilities
    const refused =
      (operation.kind === 'writer' && operation.append && !append) ||
      (operation.kind === 'purge' && !purgeUploads)
    if (!refused) return undefined
    if (operation.path !== '/' && pathProblem(operation.path) !== undefined) return undefined
    if (operation.path === '/' && operation.kind === 'writer') return undefined
    if (operation.kind === 'writer') this.#oracle.writers.delete(operation.slot)
    return { error: new UnsupportedMethodError() }
  }

  /** Errors that the contract allows as well as the oracle's outcome. */
  async #alsoAllowed(operation: Operation): Promise<StorageErrorCode[]> {
    if (operation.kind === 'finish' && !this.#capabilities.snapshotReads)
      return ['REVISION_CHANGED']
    if (operation.kind === 'writer' && operation.append) {
      // A name that became impossible meanwhile may be noticed now or by commit.
      return (await this.#conflicts(operation.path)) ? ['INVALID_PATH'] : []
    }
    if (operation.kind === 'delete' && this.#liveBeneath(operation.path).length > 0) {
      // A backend need not know of an upload that has sent nothing yet.
      return (await this.#holds(operation.path)) ? [] : ['PATH_NOT_FOUND']
    }
    return []
  }

  /** After an allowed departure the oracle is brought to where the driver is. */
  async #follow(operation: Operation): Promise<void> {
    if (operation.kind !== 'writer') return
    await this.#oracle.writers.get(operation.slot)?.writer.close()
    this.#oracle.writers.delete(operation.slot)
  }

  async #note(operation: Operation, outcome: Outcome): Promise<void> {
    if (
      operation.kind === 'delete' &&
      !operation.aborted &&
      pathProblem(operation.path) === undefined
    ) {
      return this.#drop(operation.path)
    }
    if (operation.kind === 'reopen') return this.#reopened()
    if (!('slot' in operation)) return
    if (operation.kind === 'writer' && 'value' in outcome) {
      this.#live.set(operation.slot, operation.path)
    } else if (['close', 'cancel', 'commit', 'abort'].includes(operation.kind)) {
      if ('value' in outcome) this.#ended(operation.slot, operation.kind)
    }
  }

  #reopened(): void {
    for (const slot of [...this.#live.keys()]) this.#ended(slot, 'close')
  }

  #ended(slot: number, kind: string): void {
    const path = this.#live.get(slot)
    if (kind === 'close' && path !== undefined) this.#closed.push(path)
    this.#live.delete(slot)
  }

  /** The writers whose sessions a delete has removed end here: when they notice is theirs to choose. */
  async #drop(path: string): Promise<void> {
    for (const slot of this.#liveBeneath(path)) {
      this.#live.delete(slot)
      for (const side of [this.#oracle, this.#subject]) {
        const { writer } = side.writers.get(slot) ?? {}
        side.writers.delete(slot)
        await writer?.cancel().catch((error: unknown) => {
          if (!isStorageError(error, 'UPLOAD_NOT_FOUND')) throw error
        })
      }
    }
  }

  async #uploads(path: string): Promise<number> {
    if (pathProblem(path) !== undefined) return 0
    const olderThan = new Date(Date.now() + 1000)
    return (await this.#oracle.driver(0).purgeUploads(path, { olderThan, dryRun: true })).length
  }

  /** Whether anything but uploads of living writers is at the path. */
  async #holds(path: string): Promise<boolean> {
    return (await this.#kind(path)) !== undefined || (await this.#uploads(path)) > 0
  }

  async #conflicts(path: string): Promise<boolean> {
    if (this.#capabilities.fileAndDirectory || pathProblem(path) !== undefined) return false
    if ((await this.#kind(path)) === 'directory') return true
    for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) {
      if ((await this.#kind(parent)) === 'file') return true
    }
    return false
  }

  async #kind(path: string): Promise<'file' | 'directory' | undefined> {
    if (pathProblem(path) !== undefined) return undefined
    const found = await outcomeOf(() => this.#oracle.driver(0).stat(path))
    if ('error' in found) return undefined
    return (found.value as { isDir: boolean }).isDir ? 'directory' : 'file'
  }
}

function on(side: Side, operation: Operation): Promise<Outcome> {
  return outcomeOf(() => side.perform(operation))
}
