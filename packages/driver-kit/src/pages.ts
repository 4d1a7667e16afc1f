import { DriverError } from '@stowage/core/driver'

/** What is listed, for errors and to check what the service says. */
export interface Listing {
  /** The service's name of the operation. */
  readonly operation: string
  /** The caller's path. */
  readonly path: string
  /** All keys that the service gives must begin with it. */
  readonly prefix?: string | undefined
}

/**
 * Checks each page of a listing before it is believed. A listing that ends too early would make a copy, a move or a
 * synchronization lose files, and one that never ends would hang it.
 */
export class PageGuard {
  readonly #listing: Listing
  #pages = 0
  #kept: string | undefined
  #last: string | undefined

  constructor(listing: Listing) {
    this.#listing = listing
  }

  /**
   * The token of the next page, or undefined after the last one.
   * @param more Whether the service says that there are more pages.
   * @param token Where the next page begins. Not used without `more`.
   * @throws DriverError where there is more but no token, or a token that came before.
   */
  next(more: boolean, token: string | undefined): string | undefined {
    if (!more) return undefined
    if (token === undefined || token === '') {
      throw this.#error(
        'the listing has more entries, but the service does not say where it goes on',
      )
    }
    // One token, kept at pages 1, 2, 4, 8 and so on, is enough to find a loop of any length.
    if (token === this.#last || token === this.#kept) {
      throw this.#error('the listing does not advance: the service gives the same token again')
    }
    this.#pages++
    if ((this.#pages & (this.#pages - 1)) === 0) this.#kept = token
    this.#last = token
    return token
  }

  /**
   * Checks one entry.
   * @param key A key or a common prefix, decoded.
   * @param size In bytes; left out for a common prefix.
   * @throws DriverError where the key is not under the prefix, or the size is not a whole number from 0 on.
   */
  entry(key: unknown, size?: unknown): void {
    const { prefix = '' } = this.#listing
    if (typeof key !== 'string' || key === '' || !key.startsWith(prefix)) {
      throw this.#error(`the listing has a key that is not under ${JSON.stringify(prefix)}`)
    }
    if (size !== undefined && !isSize(size)) {
      throw this.#error(
        `the listing has a size that is not a number of bytes, for a key under ${JSON.stringify(prefix)}`,
      )
    }
  }

  /**
   * Checks the objects of a page, as {@link entry} does, and that each has a time.
   * @throws DriverError
   */
  objects(objects: readonly { key: unknown; size: unknown; modTime: Date }[]): void {
    const { prefix = '' } = this.#listing
    for (const { key, size, modTime } of objects) {
      const isGood = typeof key === 'string' && key !== '' && key.startsWith(prefix)
      // Only for a bad entry is there a call.
      if (!isGood || !Number.isSafeInteger(size) || (size as number) < 0) this.entry(key, size)
      if (Number.isNaN(modTime.getTime())) {
        throw this.#error(
          `the listing has a time that is none, for a key under ${JSON.stringify(prefix)}`,
        )
      }
    }
  }

  #error(text: string): DriverError {
    const { operation, path } = this.#listing
    return new DriverError(`${operation}: ${text}`, { path })
  }
}

function isSize(size: unknown): boolean {
  return Number.isSafeInteger(size) && (size as number) >= 0
}

/**
 * A number of bytes as services write it (`"5"`, `5`), or undefined for anything else: negative, empty, `NaN`, more
 * than 2 ** 53 - 1, not there.
 */
export function parseSize(value: unknown): number | undefined {
  const size = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return isSize(size) ? (size as number) : undefined
}
