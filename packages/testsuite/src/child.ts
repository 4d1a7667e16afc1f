// A process that works on a storage until its parent kills it: one job, told by the environment, progress
// over the IPC channel. It imports nothing but types and what has no dependency, so that it starts fast.
import { once } from 'node:events'
import { flushCompileCache } from 'node:module'
import type { StorageDriver } from '@stowage/core'
import { Data } from './data.ts'
import { perform } from './history/client.ts'
import { type DataRecipe, JOB, type Job, type Progress } from './job.ts'

function tell(progress: Progress): Promise<void> {
  return new Promise((resolve) => process.send?.(progress, () => resolve()))
}

function dataOf({ seed, label, size }: DataRecipe): Data {
  return new Data(seed, label, size)
}

async function write(driver: StorageDriver, job: Job & { kind: 'write' }): Promise<void> {
  const data = dataOf(job.data)
  const writer = await driver.writer(job.path, { append: job.append })
  let step = 0
  for await (const piece of data.stream(job.chunk, job.from)) {
    await writer.write(piece)
    await tell({ step: ++step, size: writer.size })
  }
  if (job.end === 'close') await writer.close()
  if (job.end === 'commit') {
    await tell({ step, size: writer.size })
    await once(process, 'message')
    const failed = await writer.commit().catch((error: { code?: string }) => error)
    await tell({ step, ended: true, ...(failed && { code: failed.code ?? String(failed) }) })
  } else await tell({ step, size: writer.size, ended: true })
}

async function replace(
  driver: StorageDriver,
  job: Job & { kind: 'put' | 'commit' },
): Promise<never> {
  for (let step = 1; ; step++) {
    for (const recipe of job.versions) {
      const bytes = dataOf(recipe).bytes()
      if (job.kind === 'put') await driver.putContent(job.path, bytes)
      else {
        const writer = await driver.writer(job.path)
        await writer.write(bytes)
        await writer.commit()
      }
    }
    await tell({ step })
  }
}

async function move(driver: StorageDriver, job: Job & { kind: 'move' }): Promise<never> {
  for (let step = 1; ; step++) {
    await driver.move(job.path, job.destination)
    await driver.move(job.destination, job.path)
    await tell({ step })
  }
}

async function history(driver: StorageDriver, job: Job & { kind: 'history' }): Promise<void> {
  await tell({ step: 0 })
  for (const [index, steps] of job.rounds.entries()) {
    await once(process, 'message')
    await tell({ step: index + 1, events: await perform(driver, steps, job) })
  }
}

async function work(job: Job): Promise<void> {
  if (job.kind === 'operation') {
    const { operate } = await import('./faults/child-work.ts')
    return operate(job, tell)
  }
  const { open } = (await import(job.module)) as {
    open(storage: string): StorageDriver | Promise<StorageDriver>
  }
  const driver = await open(job.storage)
  // A killed process would not keep for the next one what it has compiled, where NODE_COMPILE_CACHE is set.
  flushCompileCache()
  if (job.kind === 'write') await write(driver, job)
  else if (job.kind === 'move') await move(driver, job)
  else if (job.kind === 'history') await history(driver, job)
  else await replace(driver, job)
}

const text = process.env[JOB]
if (text === undefined) throw new Error(`${JOB} is missing: this program is started by the suite`)
// The parent's end is the end of this process as well, and nothing else is: it waits to be killed.
process.on('disconnect', () => process.exit(1))
work(JSON.parse(text) as Job).catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
