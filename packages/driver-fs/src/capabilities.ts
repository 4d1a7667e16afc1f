import type { Capabilities } from '@stowage/core/driver'
import type { NameRules } from './names.ts'

/** What this driver can do on a volume. */
export function capabilitiesOn({ windows, volume }: NameRules): Partial<Capabilities> {
  return {
    persistent: true,
    append: true,
    purgeUploads: true,
    unicodePaths: true,
    caseSensitive: volume.caseSensitive,
    normalizationSensitive: volume.normalizationSensitive,
    // Windows refuses to replace or remove what is open.
    snapshotReads: !windows,
    atomicMove: true,
    modTimes: true,
  }
}
