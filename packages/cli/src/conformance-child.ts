// What a process that the suite kills opens its storage with.
import type { StorageDriver } from '@stowage/core'
import { Redactor } from './redact.ts'
import { scratch } from './scratch.ts'
import { type NamedSpec, Storages } from './storage.ts'

/** The variable in which the command hands its storage to that process. */
export const CHILD_VARIABLE = 'STOWAGE_CONFORMANCE'

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** This module, for that process to load. What is built may hold this line in another file of dist/. */
export const CHILD_MODULE: URL = new URL(`./conformance-child.${EXTENSION}`, import.meta.url)

/** What that process has to know. */
export interface ChildStorage {
  readonly named: NamedSpec
  readonly cwd: string
  readonly imports: readonly string[]
}

/**
 * Opens the scratch storage of that name.
 * @public The suite's child imports it by name.
 */
export async function open(storage: string): Promise<StorageDriver> {
  const { named, cwd, imports } = JSON.parse(process.env[CHILD_VARIABLE] ?? '') as ChildStorage
  const { env } = process
  const options = { cwd, env, imports, redactor: new Redactor() }
  const storages = new Storages({ ...options, storage: undefined, config: undefined })
  return storages.openSpec(scratch(named, storage))
}
