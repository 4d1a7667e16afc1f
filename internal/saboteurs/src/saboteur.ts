import type { Driver, StorageDriver } from '@stowage/core/driver'

/**
 * The healthy driver that is broken:
 * - `full` declares every capability but `fileAndDirectory`, as a file system does;
 * - `keys` has a flat name space and late reads, as an object store does;
 * - `bare` declares nothing, and refuses what it does not declare.
 */
export type Baseline = 'full' | 'keys' | 'bare'

/** A driver broken in one way. One of the three functions breaks it. */
export interface Saboteur {
  readonly id: string
  readonly area: string
  /** The sentence of the contract that no longer holds. */
  readonly breaks: string
  /** Default `full`. */
  readonly on?: Baseline
  /** Breaks what all instances of a storage share. */
  readonly storage?: (bare: Driver) => Driver
  /** Breaks one instance; another process has another one. */
  readonly instance?: (bare: Driver) => Driver
  /** Breaks what base has made of it; `bare` is a way around base's rules. */
  readonly finished?: (driver: StorageDriver, bare: Driver) => StorageDriver
  /** Which storage an id names. */
  readonly names?: (storage: string) => string
}

/** Puts the area's name on its saboteurs. */
export function area(
  name: string,
  saboteurs: readonly Omit<Saboteur, 'area'>[],
): readonly Saboteur[] {
  return saboteurs.map((saboteur) => ({ ...saboteur, id: `${name}-${saboteur.id}`, area: name }))
}
