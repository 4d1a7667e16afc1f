import { type Capabilities, isBeneath } from '@stowage/core'
import type { HostilePath } from './paths.ts'

/** Paths that are stored side by side. */
const BATCH = 120

/**
 * Puts paths into groups in which none is beneath another: within a group, only the name itself can be a
 * reason to refuse one.
 */
export function batches(all: readonly HostilePath[]): HostilePath[][] {
  const groups: { members: HostilePath[]; files: Set<string>; directories: Set<string> }[] = []
  for (const one of all) {
    const { path } = one
    const above = ancestors(path)
    let group = groups.find(
      ({ members, files, directories }) =>
        members.length < BATCH &&
        !directories.has(path) &&
        !above.some((directory) => files.has(directory)),
    )
    if (group === undefined) {
      group = { members: [], files: new Set(), directories: new Set() }
      groups.push(group)
    }
    group.members.push(one)
    group.files.add(path)
    for (const directory of above) group.directories.add(directory)
  }
  return groups.map(({ members }) => members)
}

/** Without those that the driver takes for another spelling of a file or directory among them. */
export function oneSpelling(
  all: readonly HostilePath[],
  { caseSensitive, normalizationSensitive }: Capabilities,
): HostilePath[] {
  if (caseSensitive && normalizationSensitive) return [...all]
  const spellings = new Map<string, string>()
  return all.filter(({ path }) =>
    [...ancestors(path), path].every((name) => {
      const folded = name.normalize('NFC').toUpperCase().toLowerCase()
      const known = spellings.get(folded) ?? name
      spellings.set(folded, known)
      return known === name
    }),
  )
}

/** Every directory above the path but the root. */
export function ancestors(path: string): string[] {
  const found: string[] = []
  for (let cut = path.indexOf('/', 1); cut > 0; cut = path.indexOf('/', cut + 1)) {
    found.push(path.slice(0, cut))
  }
  return found
}

/** The paths of which at most `count` are kept, of each kind as many as of any other. */
export function fairShare(all: readonly HostilePath[], count: number): HostilePath[] {
  const kinds = [...Map.groupBy(all, ({ what }) => what).values()]
  const kept: HostilePath[] = []
  for (let round = 0; kept.length < count; round++) {
    const before = kept.length
    for (const kind of kinds) {
      const one = kind[round]
      if (one !== undefined && kept.length < count) kept.push(one)
    }
    if (kept.length === before) break
  }
  return kept
}

/** Whether one of them is the path, or above or beneath it. */
export function meets(path: string, others: Iterable<string>): boolean {
  for (const other of others) {
    if (other === path || isBeneath(other, path) || isBeneath(path, other)) return true
  }
  return false
}
