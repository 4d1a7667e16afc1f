import { argumentError } from './wrap-error.ts'

/**
 * Lets at most `limit` functions run at a time; the others wait for their turn in the order in which
 * they came. A wait ends at once when its signal is aborted. A slot is free again when its function
 * has settled, however that went.
 */
export class Limiter {
  readonly limit: number
  #active = 0
  /** In the order of arrival; each starts its function in the slot that was handed to it. */
  readonly #waiting = new Set<() => void>()

  /** @throws TypeError where the limit is not an integer from 1 or Infinity. */
  constructor(limit: number) {
    if (limit !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(limit) && limit >= 1)) {
      throw argumentError(`a limit is an integer from 1 or Infinity, not ${limit}`)
    }
    this.limit = limit
  }

  /** Functions that run now. */
  get active(): number {
    return this.#active
  }

  /** Functions that wait for a slot. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Runs the function once there is a slot for it, and gives what it gives. It starts within this call
   * where a slot is free. The signal ends the wait only: a running function sees to it itself.
   * @throws the signal's reason where it is aborted before the start; the function never runs then.
   */
  run<T>(fn: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#active < this.limit) {
      this.#active++
      return this.#hold(fn)
    }
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(start)
        signal?.removeEventListener('abort', onAbort)
      }
      // The function starts in the same step as the slot is handed on, so that no other call overtakes it.
      const start = (): void => {
        leave()
        resolve(this.#hold(fn))
      }
      const onAbort = (): void => {
        leave()
        reject(signal?.reason)
      }
      this.#waiting.add(start)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Without an async function around it: a driver makes thousands of short calls through here. */
  #hold<T>(fn: () => T | Promise<T>): Promise<T> {
    let result: T | Promise<T>
    try {
      result = fn()
    } catch (error) {
      this.#free()
      return Promise.reject(error)
    }
    return Promise.resolve(result).then(
      (value) => {
        this.#free()
        return value
      },
      (error: unknown) => {
        this.#free()
        throw error
      },
    )
  }

  #free(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#active--
    else next()
  }
}
