/** A function of a test body: it takes nothing, since jest takes an argument for a callback. */
type Body = () => Promise<void>

/**
 * What the suite needs of a test runner. `jest`, `vitest` and `node:test` have it, as globals or as
 * exports: `registerSuite({ runner: { describe, it }, ... })`.
 */
export interface Runner {
  describe(name: string, body: () => void): unknown
  it: RunnerIt
  afterAll?: ((body: Body) => unknown) | undefined
  /** What `node:test` calls it. */
  after?: ((body: Body) => unknown) | undefined
}

/** A test runner's `it`. */
export interface RunnerIt {
  /** The third argument is jest's and vitest's time limit; `node:test` has none and ignores it. */
  (name: string, body: Body, timeoutMs?: number): unknown
  skip(name: string, body: Body): unknown
}

/** @throws TypeError where there is neither a runner among the options nor a global one. */
export function runnerOf(given: Runner | undefined): Runner {
  if (given !== undefined) return given
  const { describe, it, afterAll, after } = globalThis as unknown as Partial<Runner>
  if (describe === undefined || it === undefined) {
    throw new TypeError(
      'there is no global describe and it: pass them as runner: { describe, it } to registerSuite',
    )
  }
  return { describe, it, afterAll, after }
}
