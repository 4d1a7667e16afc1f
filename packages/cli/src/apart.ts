import { isBeneath } from '@stowage/core'
import { foldOf } from '@stowage/core/transfer'
import type { Endpoint, Source } from './endpoints.ts'
import { usageError } from './errors.ts'

type Relation = 'same' | 'nested' | 'apart'

/**
 * Copying a tree into itself would never end, and copying a part of it onto the whole would remove the part.
 * What counts is where the ends are, not how they are spelled.
 * @throws CliError where one is in the other.
 */
export async function mustBeApart(from: Source, to: Endpoint, signal: AbortSignal): Promise<void> {
  const found = await relation(from, to, signal)
  if (found === 'apart' || (found === 'nested' && !from.info.isDir)) return
  const words = found === 'same' ? 'are the same' : 'are one beneath the other'
  throw usageError(
    `source and destination ${words}: ${from.show(from.path)} and ${to.show(to.path)}`,
    'choose another destination',
  )
}

async function relation(from: Endpoint, to: Endpoint, signal: AbortSignal): Promise<Relation> {
  if (from.storage === to.storage) {
    const fold = foldOf(to.storage) ?? ((path) => path)
    const [source, target] = [fold(from.path), fold(to.path)]
    if (source === target) return 'same'
    if (isBeneath(source, target) || isBeneath(target, source)) return 'nested'
  }
  const [a, b] = await Promise.all([from, to].map((end) => placeNames(end, signal)))
  const [first, second] = [a?.[0], b?.[0]]
  if (first === undefined || second === undefined) return 'apart'
  if (first === second) return 'same'
  return a?.includes(second) || b?.includes(first) ? 'nested' : 'apart'
}

/** Whether it is known of two ends where they are: else two of them may be one storage under two names. */
export async function isKnown(ends: readonly Endpoint[], signal: AbortSignal): Promise<boolean> {
  const places = await Promise.all(ends.map((end) => placeNames(end, signal)))
  return places.every((names) => names !== undefined)
}

async function placeNames(
  { storage, path }: Endpoint,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  return (await storage.locate?.(path, { signal }))?.names
}
