import { runnerOf } from '../runner.ts'
import { operations } from './operations.ts'
import { type FaultOptions, faultSettings, type OperationReport } from './options.ts'
import { share, tryOperation } from './suite.ts'

/** Time for the points of one operation. */
const LIMIT_MS = { quick: 1_200_000, full: 36_000_000 }

/**
 * Registers a test for each operation of the interface. The real backend is put behind a proxy, and at
 * each request of the operation connections break, fall silent or come late, the server refuses, the
 * signal is aborted, the process is killed. Whatever happens, the outcome is success with exactly the right content,
 * or an error that says what is the matter while the old content is whole; nothing hangs, nothing leaks, and
 * `purgeUploads` finds what is left.
 *
 * @example
 * ```ts
 * registerFaultSuite({
 *   name: 'mine',
 *   upstream: 'http://127.0.0.1:9000',
 *   create: (storage, endpoint) =>
 *     create('mine', { endpoint, rootDirectory: `/${storage}`, idleTimeout: 300, maxAttempts: 3 }),
 *   idleTimeoutMs: 300,
 *   attempts: 3,
 * })
 * ```
 * @throws TypeError where an option is wrong or no runner can be found.
 */
export function registerFaultSuite(options: FaultOptions): void {
  const settings = faultSettings(options)
  const { describe, it } = runnerOf(settings.runner)
  let shared: ReturnType<typeof share> | undefined
  describe(`${settings.name} loses nothing whatever fails`, () => {
    for (const operation of operations) {
      const body = async (): Promise<void> => {
        shared ??= share(settings)
        const report = await tryOperation(await shared, operation)
        if (report.failures.length > 0) throw explained(report, settings.seed)
      }
      it(`${operation.title} [${operation.id}]`, body, LIMIT_MS[settings.size] * settings.patience)
    }
  })
}

/** All failures of one operation, with what is to be typed to see one again. */
function explained({ operation, points, failures }: OperationReport, seed: number): Error {
  const lines = failures.map(({ point, error }) => `- ${point}\n    ${error.message ?? error}`)
  const [one] = failures
  const message = [
    `${failures.length} of ${points} points of ${operation} failed:`,
    ...lines,
    `to replay one: STOWAGE_SUITE_SEED=${seed} STOWAGE_FAULT_POINT='${one?.point}'`,
  ].join('\n')
  return new Error(message, { cause: one?.error })
}
