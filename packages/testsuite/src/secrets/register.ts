import type { StorageDriver } from '@stowage/core'
import { anyAge, paths as items } from '../context.ts'
import { guarded } from '../guard.ts'
import { patienceOf, within } from '../patience.ts'
import { type Runner, runnerOf } from '../runner.ts'
import { SecretSearch } from './search.ts'

/** Time for all calls of one situation. */
const TIMEOUT_MS = 300_000

/** What the secret suite needs to know. */
export interface SecretOptions {
  /** Names the tests. */
  readonly name: string
  /** What nobody may see, by names that may be printed. */
  readonly secrets: Readonly<Record<string, string>>
  /**
   * Opens the driver where everything, or something, goes wrong, by what that is. What rejects is looked at as
   * well; the suite closes what was opened.
   */
  readonly situations: Readonly<Record<string, () => StorageDriver | Promise<StorageDriver>>>
  /** Secrets that came to be while a situation was tried: signatures, tokens. */
  seen?(): Iterable<string>
  /** Default: the global `describe` and `it`. */
  readonly runner?: Runner | undefined
}

/**
 * Registers tests that call everything in each situation, and look for the secrets in what comes of it: in
 * errors and their causes, in whatever way they are printed, in the driver itself, and in diagnostics.
 * @throws TypeError where a secret is too short to be looked for, or no runner can be found.
 */
export function registerSecretSuite(options: SecretOptions): void {
  const { describe, it } = runnerOf(options.runner)
  describe(`${options.name} keeps its secrets`, () => {
    for (const [what, open] of Object.entries(options.situations)) {
      const ms = TIMEOUT_MS * patienceOf(undefined)
      it(`with ${what}`, () => attempt(options, { what, open, ms }), 2 * ms)
    }
  })
}

interface Situation {
  readonly what: string
  readonly open: SecretOptions['situations'][string]
  /** Time for all of it. */
  readonly ms: number
}

async function attempt(
  { secrets, seen }: SecretOptions,
  { what, open, ms }: Situation,
): Promise<void> {
  const search = new SecretSearch(secrets)
  await search.watching(what, async () => {
    const outcomes: [call: string, outcome: unknown][] = []
    let driver: StorageDriver | undefined
    try {
      driver = await open()
    } catch (error) {
      outcomes.push(['open', error])
    }
    if (driver !== undefined) {
      const { driver: called, release } = guarded(driver)
      try {
        await within(ms, 'all calls', callAll(called, outcomes))
        outcomes.push(['the driver', driver])
      } finally {
        await within(ms, 'the end', release()).finally(() => driver.close())
      }
    }
    for (const secret of seen?.() ?? []) search.add('a signature or token', secret)
    for (const [call, outcome] of outcomes) search.assertNone(`${what}, ${call}`, outcome)
  })
}

/** Notes what each call fails with. */
async function callAll(
  driver: StorageDriver,
  outcomes: [call: string, error: unknown][],
): Promise<void> {
  for (const [call, run] of Object.entries(CALLS)) {
    const error = await run(driver).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    outcomes.push([call, error])
  }
}

type Call = (driver: StorageDriver) => Promise<unknown>

/** Every call; what comes of most of them is an error. */
const CALLS: Readonly<Record<string, Call>> = {
  stat: (driver) => driver.stat('/missing'),
  'stat of the root': (driver) => driver.stat('/'),
  getContent: (driver) => driver.getContent('/missing'),
  putContent: (driver) => driver.putContent('/file', 'x'),
  reader: async (driver) => {
    for await (const _ of await driver.reader('/file'));
  },
  'reader beyond the end': (driver) => driver.reader('/file', { offset: 1e9 }),
  list: (driver) => items(driver.list('/')),
  walk: (driver) => items(driver.walk('/missing')),
  move: (driver) => driver.move('/file', '/moved'),
  'move of nothing': (driver) => driver.move('/missing', '/moved'),
  delete: (driver) => driver.delete('/moved'),
  'an invalid path': (driver) => driver.stat('/a/../b'),
  'writer, commit': async (driver) => {
    const writer = await driver.writer('/file')
    await writer.write(Buffer.alloc(100_000))
    await writer.commit()
    // The second one is an error in any case.
    await writer.commit()
  },
  'writer, close': async (driver) => {
    const writer = await driver.writer('/upload')
    await writer.write(Buffer.alloc(100_000))
    await writer.close()
  },
  'writer with append': (driver) => driver.writer('/missing', { append: true }),
  purgeUploads: (driver) => driver.purgeUploads('/', { olderThan: anyAge() }),
  'delete again': (driver) => driver.delete('/missing'),
  'aborted call': (driver) => driver.stat('/file', { signal: AbortSignal.abort() }),
}
