import { eachLimit, isStorageError, StorageErrors } from '@stowage/core/driver'
import type { DeleteFailure, DeleteRequest, ObjectBackend, RequestContext } from './backend.ts'

/** Requests at a time that delete one object. */
const SINGLES = 16
/** Requests at a time that delete a batch: services count each object in it. */
const BATCHES = 4

type Objects = Iterable<DeleteRequest> | AsyncIterable<DeleteRequest>

/** What a delete has done. */
export interface Removal {
  /** Objects, or uploads, that were there. */
  readonly count: number
  /** Why some of them are still there. Each error has the path of one of them. */
  readonly errors: readonly Error[]
}

/** @throws StorageErrors that names what could not be removed. */
export function throwErrors(errors: readonly Error[]): void {
  if (errors.length > 0) throw new StorageErrors(errors)
}

/**
 * Throws what is wrong with the whole call: an abort, or parameters that fit no request. Any other error is of one
 * object, and the others can be deleted all the same.
 */
function throwIfHopeless(error: unknown, signal: AbortSignal | undefined): void {
  signal?.throwIfAborted()
  if (isStorageError(error, 'CONFIG')) throw error
}

/**
 * Runs for every item, several at a time, and collects what fails.
 * @throws the signal's reason, ConfigError, and what the source of items throws.
 */
export async function eachCollecting<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
  run: (item: T) => Promise<unknown>,
): Promise<Removal> {
  const errors: Error[] = []
  let count = 0
  await eachLimit(items, concurrency, async (item) => {
    signal?.throwIfAborted()
    count++
    await run(item).catch((error: unknown) => {
      throwIfHopeless(error, signal)
      errors.push(error as Error)
    })
  })
  return { count, errors }
}

/** The one place that deletes objects: in batches where the service takes them, several requests at a time. */
export class Remover {
  readonly #backend: Pick<ObjectBackend, 'names' | 'delete' | 'deleteMany' | 'deleteBatch'>
  /** Objects in a batch; 1 from the first refusal of a batch on. */
  #batch: number

  constructor(backend: Pick<ObjectBackend, 'names' | 'delete' | 'deleteMany' | 'deleteBatch'>) {
    this.#backend = backend
    this.#batch = backend.deleteMany ? backend.deleteBatch : 1
  }

  /**
   * Deletes objects, those of another revision left out. What is gone already is fine. Where one object cannot be
   * deleted, the error is collected, and the others are deleted all the same.
   * @throws the signal's reason, ConfigError, and what a batch as a whole or the source of objects fails with.
   */
  async delete(objects: Objects, { path, signal }: RequestContext): Promise<Removal> {
    if (this.#batch <= 1) return this.#singles(objects, signal)
    const errors: Error[] = []
    let count = 0
    const batches = inBatches(objects, this.#batch)
    await eachLimit(batches, BATCHES, async (batch) => {
      signal?.throwIfAborted()
      count += batch.length
      errors.push(...(await this.#many(batch, { path, signal })))
    })
    return { count, errors }
  }

  #singles(objects: Objects, signal: AbortSignal | undefined): Promise<Removal> {
    return eachCollecting(objects, { concurrency: SINGLES, signal }, (object) =>
      this.#single(object, signal),
    )
  }

  #single({ key, revision }: DeleteRequest, signal: AbortSignal | undefined): Promise<unknown> {
    const path = this.#backend.names.pathOf(key)
    return this.#backend.delete(key, revision, { path, signal })
  }

  async #many(
    objects: readonly DeleteRequest[],
    context: RequestContext,
  ): Promise<readonly Error[]> {
    const { signal } = context
    if (objects.length === 1 || this.#batch <= 1)
      return (await this.#singles(objects, signal)).errors
    let failures: readonly DeleteFailure[]
    try {
      failures = (await this.#backend.deleteMany?.(objects, context)) ?? []
    } catch (error) {
      if (!isStorageError(error, 'UNSUPPORTED_METHOD')) throw error
      this.#batch = 1
      return (await this.#singles(objects, signal)).errors
    }
    const unnamed = failures.filter(({ error }) => error === undefined)
    const { errors } = await this.#singles(unnamed, signal)
    return [...errors, ...(await this.#again(failures, signal))]
  }

  /**
   * Deletes alone what failed inside of an answer, because no layer below repeats that. Once one has failed again,
   * the service has no better answer for the rest.
   */
  async #again(
    failures: readonly DeleteFailure[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Error[]> {
    const errors: Error[] = []
    let again = true
    for (const { error, ...object } of failures) {
      if (error === undefined) continue
      throwIfHopeless(error, signal)
      const alone = again && !isStorageError(error, 'PERMISSION_DENIED')
      const failed = alone ? (await this.#singles([object], signal)).errors : [error]
      if (alone && failed.length > 0) again = false
      errors.push(...failed)
    }
    return errors
  }
}

async function* inBatches(
  objects: Objects,
  size: number,
): AsyncGenerator<readonly DeleteRequest[]> {
  let batch: DeleteRequest[] = []
  for await (const object of objects) {
    batch.push(object)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Deletes markers of folders, the deepest first: services with real folders refuse one that is not empty. */
export async function deleteFolders(
  remover: Remover,
  keys: readonly string[],
  context: RequestContext,
): Promise<readonly Error[]> {
  const levels = new Map<number, DeleteRequest[]>()
  for (const key of keys) {
    const depth = key.split('/').length
    levels.set(depth, [...(levels.get(depth) ?? []), { key }])
  }
  const errors: Error[] = []
  for (const depth of [...levels.keys()].sort((a, b) => b - a)) {
    errors.push(...(await remover.delete(levels.get(depth) ?? [], context)).errors)
  }
  return errors
}
