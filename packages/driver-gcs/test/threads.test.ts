// Uploads of worker threads: those of one that lives are its own, those of one that was ended are anybody's.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { PathNotFoundError } from '@stowage/core'
import { data } from './helpers/data.ts'
import { CHUNK } from './helpers/storages.ts'
import { newWorld, type World } from './helpers/world.ts'

const SIZE = CHUNK + 100
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads')
  import(workerData.core).then(async ({ create }) => {
    await import(workerData.driver)
    const storage = await create('gcs', workerData.parameters)
    const writer = await storage.writer('/dir/file')
    await writer.write(workerData.content)
    parentPort.postMessage('held')
    setInterval(() => {}, 1000)
  })`

const source = (name: string): string => new URL(`../../${name}/src/index.ts`, import.meta.url).href
const later = (): Date => new Date(Date.now() + 60_000)

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

/** A thread that has begun an upload and holds it. */
async function holder(): Promise<Worker> {
  const worker = new Worker(THREAD, {
    eval: true,
    execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
    workerData: {
      ...{ core: source('core'), driver: source('driver-gcs'), content: data(SIZE) },
      parameters: { bucket: 'world', endpoint: world.proxy.endpoint, chunkSize: CHUNK },
    },
  })
  await once(worker, 'message')
  return worker
}

const itWithProc = existsSync('/proc/thread-self') ? it : it.skip

itWithProc('goes on with the upload of a thread that was ended, and not before', async () => {
  const worker = await holder()
  const append = () => world.driver.writer('/dir/file', { append: true })
  await expect(append()).rejects.toThrow(PathNotFoundError)
  expect(await world.driver.purgeUploads('/', { olderThan: later() })).toEqual([])
  await worker.terminate()
  const writer = await append()
  expect(writer.size).toBeGreaterThanOrEqual(CHUNK)
  await writer.cancel()
})

itWithProc('purges the upload of a thread that was ended', async () => {
  await (await holder()).terminate()
  const purged = await world.driver.purgeUploads('/', { olderThan: later() })
  expect(purged.map(({ path }) => path)).toEqual(['/dir/file'])
  expect(world.names()).toEqual([])
})
