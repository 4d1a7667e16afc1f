// What a process does that is killed in the middle of an operation: see `child.ts`.
import { once } from 'node:events'
import type { StorageDriver } from '@stowage/core'
import type { Job, Progress } from '../job.ts'
import { operations } from './operations.ts'
import { Contents } from './tree.ts'

/** The module that the option `child` names. */
interface Module {
  create(storage: string, endpoint: string, limits: object): StorageDriver | Promise<StorageDriver>
}

/** Prepares the operation, waits for the parent, and carries it out. */
export async function operate(
  job: Job & { kind: 'operation' },
  tell: (progress: Progress) => Promise<void>,
): Promise<void> {
  const operation = operations.find(({ id }) => id === job.operation)
  if (operation === undefined) throw new Error(`there is no operation ${job.operation}`)
  const { create } = (await import(job.module)) as Module
  const driver = await create(job.storage, job.endpoint, {})
  const stage = { driver, contents: new Contents(job.seed), partSize: job.partSize }
  const kept = {}
  await operation.arrange?.(stage, kept)
  await tell({ step: 0 })
  await once(process, 'message')
  await operation.act(stage, kept).catch(() => {})
  await tell({ step: 1, ended: true })
}
