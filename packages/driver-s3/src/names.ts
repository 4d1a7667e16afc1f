import { MAX_PATH_BYTES } from '@stowage/core/driver'
import { Names } from '@stowage/driver-kit'
import type { Settings } from './parameters.ts'

/** Longest component where the store keeps keys as file names. */
const MAX_NAME_BYTES = 255

/** Which key a path has, and which path a key is, at this kind of store. */
export function keyNames({ root, profile: { longNames, refuses } }: Settings): Names {
  return new Names({
    root,
    maxKeyBytes: MAX_PATH_BYTES,
    ...(!longNames && { maxNameBytes: MAX_NAME_BYTES }),
    ...(refuses && {
      problem: (path) => (refuses.pattern.test(path) ? refuses.why : undefined),
    }),
  })
}
