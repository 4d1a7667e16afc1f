import { patienceOf } from '../patience.ts'
import { runnerOf } from '../runner.ts'
import type { OddCase } from './case.ts'
import { bodies } from './cases/bodies.ts'
import { outside } from './cases/elsewhere.ts'
import { notFound } from './cases/not-found.ts'
import { pages } from './cases/pages.ts'
import { azure } from './dialects/azure.ts'
import { gcs } from './dialects/gcs.ts'
import { s3 } from './dialects/s3.ts'
import type { OddAnswersOptions } from './options.ts'
import { OddWorld } from './world.ts'

const DIALECTS = { s3, azure, gcs }
/** Time for all operations of one case. */
const LIMIT_MS = 600_000

const oddCases: readonly OddCase[] = [...notFound, ...pages, ...bodies, ...outside]

/**
 * Registers a test for each odd answer that services, and what is between them and the driver, have been seen to
 * give: a proxy in front of the real service gives it to every operation that can get it. Whatever comes, "could
 * not tell" is never "not found", nothing is lost, nothing hangs, and no error shows a secret.
 *
 * @example
 * ```ts
 * registerOddAnswersSuite({
 *   name: 'mine',
 *   dialect: 's3',
 *   upstream: 'http://127.0.0.1:9000',
 *   create: (storage, endpoint, { idleTimeoutMs }) =>
 *     create('mine', { endpoint, rootDirectory: `/${storage}`, idleTimeout: idleTimeoutMs }),
 * })
 * ```
 * @throws TypeError where an option is wrong or no runner can be found.
 */
export function registerOddAnswersSuite(options: OddAnswersOptions): void {
  const { describe, it, afterAll, after } = runnerOf(options.runner)
  const patience = patienceOf(options.patience)
  const dialect = typeof options.dialect === 'string' ? DIALECTS[options.dialect] : options.dialect
  if (dialect === undefined) throw new TypeError(`there is no dialect ${String(options.dialect)}`)
  let opened: Promise<OddWorld> | undefined
  const world = (): Promise<OddWorld> => {
    opened ??= OddWorld.open(options, dialect, patience)
    return opened
  }
  describe(`${options.name} makes the right of odd answers`, () => {
    for (const one of oddCases) {
      const name = `${one.title} [${one.id}]`
      const why = one.applies?.(dialect) === false ? `${dialect.name} cannot say it` : undefined
      const reason = options.skip?.[one.id] ?? why
      if (reason !== undefined) {
        it.skip(`${name} (skipped: ${reason})`, async () => {})
        continue
      }
      it(name, async () => runCase(await world(), one), LIMIT_MS * patience)
    }
    const last = afterAll ?? after
    last?.(async () => (await opened)?.end())
  })
}

/** Runs one case, and leaves the storage as it was. */
async function runCase(world: OddWorld, one: OddCase): Promise<void> {
  try {
    await one.run(world)
    await world.isUnchanged()
  } finally {
    await world.restore()
  }
}
