import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import type { StorageDriver } from '@stowage/core'
import fc from 'fast-check'
import { empty } from '../context.ts'
import { type SuiteSize, settings } from '../options.ts'
import { sequences } from './arbitrary.ts'
import { type Operation, show } from './operations.ts'
import type { ModelFailure, ModelOptions, ModelReport } from './options.ts'
import { Side } from './side.ts'
import { World } from './world.ts'

const RUNS: Record<SuiteSize, number> = { quick: 50, full: 500 }
const SECONDS: Record<SuiteSize, number> = { quick: 15, full: 300 }
const STEPS = 80
const PART_SIZE = 4096
/** After so many operations the whole trees are compared; after each one while a failure is made shorter. */
const TREE_EVERY = 8

/** Thrown by the property: what differed, and the operations that were carried out. */
class Departure extends Error {
  readonly done: readonly Operation[]
  constructor(done: readonly Operation[], difference: string) {
    super(difference)
    this.done = done
  }
}

interface Pace {
  readonly treeEvery: number
  /**
   * When the time is over a sequence ends where it is. Otherwise the shrinking on a slow store, with its whole
   * trees, would run into the test's limit, and nobody learned what differs.
   */
  readonly end: number
}

/**
 * Carries random sequences of operations out on the driver and on the oracle, and compares each result,
 * now and then everything that is visible, and what uploads are left at the end. The first sequence in
 * which they differ is made as short as it gets.
 */
export async function runModel(options: ModelOptions): Promise<ModelReport> {
  const { steps = STEPS, partSize = PART_SIZE, path } = options
  const { seed, size } = settings(options)
  const capabilities = await capabilitiesOf(options)
  const end = Date.now() + secondsOf(options) * 1000
  let treeEvery = path === undefined ? TREE_EVERY : 1
  let begun = 0
  const property = fc.asyncProperty(
    sequences({ partSize, steps, capabilities }),
    async (operations) => {
      // fast-check's own limits leave what is under way running, or call it a failure.
      if (Date.now() > end) return
      begun++
      try {
        await attempt(options, operations, { treeEvery, end })
      } catch (error) {
        treeEvery = 1
        throw error
      }
    },
  )
  const details = await fc.check(property, {
    seed,
    unbiased: true,
    numRuns: options.runs ?? RUNS[size],
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  })
  const report = { seed: details.seed, runs: Math.min(begun, details.numRuns) }
  if (details.counterexample === null) return report
  const { errorInstance, counterexample, counterexamplePath } = details
  const failure = explain(options.name, {
    seed: details.seed,
    path: counterexamplePath ?? '',
    operations: counterexample[0],
    error: errorInstance,
  })
  return { ...report, failure }
}

/** Seconds after which no further operation is begun. */
export function secondsOf(options: ModelOptions): number {
  return options.seconds ?? SECONDS[settings(options).size]
}

async function capabilitiesOf(options: ModelOptions): Promise<StorageDriver['capabilities']> {
  const storage = storageId()
  const driver = await options.open(storage)
  try {
    return driver.capabilities
  } finally {
    await driver.close()
    await options.remove?.(storage)
  }
}

function storageId(): string {
  return `model-${randomUUID()}`
}

/** One sequence on a new storage. */
async function attempt(
  options: ModelOptions,
  operations: readonly Operation[],
  pace: Pace,
): Promise<void> {
  const storage = storageId()
  const probe = await options.open(storage)
  const { capabilities, name } = probe
  const { fileAndDirectory, persistent } = capabilities
  if (persistent) await probe.close()
  const oracle = new Side(async () => options.oracle({ fileAndDirectory }), 1)
  const open = async (): Promise<StorageDriver> => (persistent ? options.open(storage) : probe)
  const subject = new Side(open, persistent ? 2 : 1)
  try {
    await subject.start()
    await oracle.start()
    await compare(new World(oracle, subject, capabilities, name), operations, pace)
    await subject.stop()
  } finally {
    // A driver that failed may fail here as well: its first failure is the one to report.
    await subject.stop().catch(() => {})
    await cleanUp(options, storage).catch(() => {})
    await oracle.stop()
  }
}

async function compare(
  world: World,
  operations: readonly Operation[],
  { treeEvery, end }: Pace,
): Promise<void> {
  const done: Operation[] = []
  const check = (difference: string | undefined): void => {
    if (difference !== undefined) throw new Departure(done, difference)
  }
  for (const drawn of operations) {
    if (Date.now() > end) break
    const operation = world.fit(drawn)
    if (operation === undefined) continue
    done.push(operation)
    check(await world.step(operation))
    if (done.length % treeEvery === 0) check(await world.compareTrees(done.length / treeEvery))
  }
  check(await world.compareTrees(0))
  check(await world.compareUploads())
}

async function cleanUp(options: ModelOptions, storage: string): Promise<void> {
  if (options.remove !== undefined) return options.remove(storage)
  const driver = await options.open(storage)
  try {
    if (driver.capabilities.persistent) await empty(driver)
  } finally {
    await driver.close()
  }
}

interface Found {
  readonly seed: number
  readonly path: string
  readonly operations: readonly Operation[]
  readonly error: unknown
}

function explain(name: string, { seed, path, operations, error }: Found): ModelFailure {
  const departed = (error as Partial<Departure> | undefined)?.done
  const lines = (departed ?? operations).map(show)
  const difference = departed ? (error as Departure).message : inspect(error)
  const numbered = lines.map((line, index) => `  ${index + 1}. ${line}`)
  const message = [
    `${name} departs from the oracle after ${lines.length} operations:`,
    ...numbered,
    `  => ${difference}`,
    `replay: { seed: ${seed}, path: '${path}' } in the options, with the same steps and partSize`,
  ].join('\n')
  return { operations: lines, difference, path, message }
}
