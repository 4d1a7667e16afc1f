import { compareKeys } from '@stowage/core/driver'

/** A map whose keys can be visited in key order, from anywhere, while it changes. */
export class SortedMap<V> {
  readonly #values = new Map<string, V>()
  readonly #keys: string[] = []

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#keys.splice(this.#find(key), 0, key)
    this.#values.set(key, value)
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false
    this.#keys.splice(this.#find(key), 1)
    return true
  }

  /** The first key at or after this one. */
  from(key: string): string | undefined {
    return this.#keys[this.#find(key)]
  }

  /** The first key after this one. */
  after(key: string): string | undefined {
    const index = this.#find(key)
    return this.#keys[index] === key ? this.#keys[index + 1] : this.#keys[index]
  }

  /** The keys with that prefix, as they are now. */
  withPrefix(prefix: string): string[] {
    const start = this.#find(prefix)
    let end = start
    while (this.#keys[end]?.startsWith(prefix)) end++
    return this.#keys.slice(start, end)
  }

  /** Index of the first key that is not before this one. */
  #find(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
