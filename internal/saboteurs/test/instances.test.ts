// Whatever a case does and however it ends, the suites leave no instance open: a socket of it would keep the process alive.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
import {
  type Runner,
  registerHistorySuite,
  registerHostileSuite,
  registerModelSuite,
  registerSecretSuite,
  runFaults,
  runSoak,
  runSuite,
} from '@stowage/testsuite'
import { patient, until } from '@stowage-internal/jest-preset/patience'
import { collected, failures } from '../src/collected.ts'
import { PAGE_SIZE, PART_SIZE } from '../src/delegate.ts'
import { faultOptions } from '../src/faults/options.ts'
import { ObjectStore } from '../src/faults/store.ts'
import { Storages } from '../src/healthy.ts'

let server: Server
let store: ObjectStore

beforeAll(async () => {
  store = await ObjectStore.start()
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  await store.stop()
  server.close()
})

/** The instance with a connection of its own, until it is closed; afterwards it is of no use. */
async function connected(driver: StorageDriver, breaks?: string): Promise<StorageDriver> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  let calls = 0
  const close = async (): Promise<void> => {
    socket.destroy()
    await driver.close()
  }
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'close' || name === Symbol.asyncDispose) return close
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        if (socket.destroyed) throw new Error('this instance is closed')
        if (name === breaks && ++calls > 1) throw new Error('broken')
        return value.apply(target, given)
      }
    },
  })
}

async function noneIsLeft(): Promise<void> {
  const count = (): Promise<number> =>
    new Promise((done) => server.getConnections((_error, connections) => done(connections)))
  await until(async () => (await count()) === 0, 'all instances are closed')
}

/** What all suites take; without `remove`, so that they empty what they have filled. */
function options(breaks?: string) {
  const storages = new Storages()
  return {
    name: `broken ${breaks}`,
    open: (storage: string) => connected(storages.open(storage), breaks),
    ...{ partSize: PART_SIZE, pageSize: PAGE_SIZE, seed: 3 },
    // A broken driver that hangs is to be given up soon; a healthy one has all the time there is.
    ...(breaks && { patience: patient(0.1) }),
  }
}

// What fails is for the clean-up to survive; which cases fail is not the question.
const BROKEN = [undefined, 'list', 'purgeUploads', 'writer'] as const

it.each(BROKEN)('the cases close every instance (broken: %s)', async (breaks) => {
  const { passed } = await runSuite(
    { ...options(breaks), concurrency: 8 },
    { filter: ({ area }) => ['isolation', 'content', 'sessions', 'uploads'].includes(area) },
  )
  expect(passed).toBeGreaterThan(3)
  await noneIsLeft()
})

it('an instance that opens too late is closed, and so is one of a case that is over', async () => {
  const { open, ...others } = options()
  let opening = Promise.resolve()
  let count = 0
  const late = async (storage: string): Promise<StorageDriver> => {
    if (++count % 2 === 0) await new Promise((later) => setTimeout(later, 300))
    const opened = open(storage)
    opening = opened.then(() => {})
    return opened
  }
  await runSuite(
    { ...others, open: late, timeoutMs: 500 },
    { filter: ({ id }) => id === 'isolation-close' || id === 'isolation-storages' },
  )
  await opening
  await noneIsLeft()
})

it.each(BROKEN)('the suites of random calls close every instance (broken: %s)', async (breaks) => {
  const given = options(breaks)
  const bodies = collected((runner: Runner) => {
    registerModelSuite({
      ...given,
      runner,
      runs: 5,
      oracle: (parameters) => toStorageDriver(new InMemoryDriver(parameters)),
    })
    registerHistorySuite({ ...given, runner, rounds: 2 })
    registerHostileSuite({ ...given, runner, count: 200, stored: 20 })
    registerSecretSuite({
      name: given.name,
      runner,
      secrets: { key: 'not to be seen' },
      situations: { 'a socket': () => given.open('secrets') },
    })
  })
  const failed = await failures(bodies)
  if (breaks === undefined) expect(failed).toEqual([])
  await noneIsLeft()
})

it.each([undefined, 'list'])(
  'the fault suite closes every instance (broken: %s)',
  async (breaks) => {
    const { child: _, ...given } = faultOptions(store)
    const create: typeof given.create = async (...about) =>
      connected(await given.create(...about), breaks)
    const { operations } = await runFaults({
      ...given,
      create,
      points: 1,
      ...(breaks && { patience: patient(0.1) }),
    })
    if (breaks === undefined) expect(operations.flatMap((one) => one.failures)).toEqual([])
    const soak = { name: 'soak', upstream: store.endpoint, create, seconds: 0.5, samples: 1 }
    await runSoak(soak).catch((error: unknown) => {
      if (breaks === undefined) throw error
    })
    await noneIsLeft()
  },
)
