import { isStorageError, Limiter } from '@stowage/core/driver'
import { type Failure, failureError, type RequestFacts } from './failures.ts'
import type { RequestContext } from './objects/backend.ts'
import { Scrubber } from './scrubber.ts'

/** What {@link Requests} needs to know about a service. */
export interface RequestsOptions<F extends RequestFacts> {
  /** What an error of the SDK, of Node.js or of the service means. It must not throw. */
  classify(error: unknown, facts: F): Failure
  /** Keys and tokens that no error may show. Called once for each error. */
  secrets?(): readonly (string | undefined)[]
  /** Requests at a time; Infinity for no limit. */
  readonly concurrency: number
}

/**
 * All requests of one driver: each waits for its turn here, and each failure becomes one of Stowage's errors here,
 * without the driver's secrets. A backend has one function that sends, and that function calls `run`.
 */
export class Requests<F extends RequestFacts = RequestFacts> {
  readonly #options: RequestsOptions<F>
  readonly #gate: Limiter

  constructor(options: RequestsOptions<F>) {
    this.#options = options
    this.#gate = new Limiter(options.concurrency)
  }

  /**
   * Sends one request when it is its turn. Never call `run` inside of `send`: two turns can lock each other up.
   * @param send Adds to `seen` what no error of this request may show: its signature, the URI of its session.
   * @throws The signal's reason where it is aborted, else one of Stowage's errors.
   */
  async run<T>(
    facts: F,
    { path, signal, urgent }: RequestContext,
    send: (seen: string[]) => Promise<T>,
  ): Promise<T> {
    const seen: string[] = []
    try {
      return await (urgent ? send(seen) : this.#gate.run(() => send(seen), signal))
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw this.error(error, facts, path, seen)
    }
  }

  /**
   * The caller's error for anything that was thrown. Errors of Stowage and aborts stay what they are.
   * @param seen Secrets of this one request.
   */
  error(error: unknown, facts: F, path: string, seen: readonly string[] = []): Error {
    const { cause, name } = (error ?? {}) as Error
    if (isStorageError(error) || name === 'AbortError') return error as Error
    // Some SDKs wrap the errors of the agents that they are given.
    if (isStorageError(cause)) return cause as unknown as Error
    return this.fail(this.#options.classify(error, facts), facts, path, seen)
  }

  /** The caller's error for a failure that an answer tells: an entry of a batch, an error with status 200. */
  fail(failure: Failure, facts: F, path: string, seen: readonly string[] = []): Error {
    const scrubber = new Scrubber(() => [...(this.#options.secrets?.() ?? []), ...seen])
    return failureError(failure, { ...facts, path }, scrubber)
  }
}
