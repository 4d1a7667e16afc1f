import { compareKeys, DriverError } from '@stowage/core/driver'
import type { ListingOrder } from './backend.ts'

/** Characters from U+D800 on: only they are ordered differently by UTF-8 and by UTF-16 code units. */
export const HIGH: RegExp = /[\ud800-\uffff]/

interface Entry {
  readonly path: string
}

/**
 * Brings entries into byte order as their pages come, and drops repeats.
 *
 * The orders by bytes and by UTF-16 code units differ only between entries that share a start and go on with a
 * character from U+D800 on. Those are held back, one such start at a time, and sorted.
 */
export class ByteOrder<T extends Entry> {
  readonly #listing: ListingOrder
  readonly #path: string
  readonly #isMended: boolean
  #previous: string | undefined
  /** The listing began anew: what is not beyond the last entry came before. */
  #isRepeating = false
  #held: T[] = []
  /** What the held entries share. */
  #start: string | undefined

  /** @param path The caller's path, for errors. */
  constructor(listing: ListingOrder, path: string) {
    this.#listing = listing
    this.#path = path
    this.#isMended = listing.order === 'utf16'
  }

  /**
   * What can be told after this page.
   * @throws DriverError where entries are in no order: a wrong order would make a comparison of two trees lose files.
   */
  page(entries: readonly T[]): T[] {
    const due: T[] = []
    for (const entry of entries) {
      const { path } = entry
      if (this.#isMended) {
        if (this.#start !== undefined) {
          if (path.startsWith(this.#start)) {
            this.#held.push(entry)
            continue
          }
          this.#release(due)
        }
        const high = path.search(HIGH)
        if (high >= 0) {
          this.#start = path.slice(0, high)
          this.#held.push(entry)
          continue
        }
      }
      const previous = this.#previous
      // By code units, which is cheap. In doubt, by bytes.
      if (previous !== undefined && (path <= previous || HIGH.test(path)) && !this.#isNext(path))
        continue
      this.#previous = path
      this.#isRepeating = false
      due.push(entry)
    }
    return due
  }

  /** What was held back, after the last page. */
  rest(): T[] {
    const due: T[] = []
    this.#release(due)
    return due
  }

  /** The listing begins anew, further on. A store that takes no notice of that begins at the start. */
  restart(): void {
    this.#isRepeating = true
  }

  #release(due: T[]): void {
    const held = this.#held.sort((a, b) => compareKeys(a.path, b.path))
    this.#held = []
    this.#start = undefined
    for (const entry of held) {
      if (!this.#isNext(entry.path)) continue
      this.#previous = entry.path
      this.#isRepeating = false
      due.push(entry)
    }
  }

  #isNext(path: string): boolean {
    if (this.#previous === undefined) return true
    const order = compareKeys(this.#previous, path)
    if (order <= 0 || this.#isRepeating) return order < 0
    const { operation = 'list', ifDisordered = 'check the endpoint' } = this.#listing
    const text = `${operation}: the store lists in no order: ${ifDisordered}`
    throw new DriverError(text, { path: this.#path })
  }
}
