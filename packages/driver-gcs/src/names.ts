import { MAX_PATH_BYTES } from '@stowage/core/driver'
import { Names } from '@stowage/driver-kit'

/** The service keeps the first bytes of names for its certificates. */
const ACME = '.well-known/acme-challenge/'

/** Which object a path is, and which path an object is. */
export function objectNames(rootDirectory: string): Names {
  return new Names({
    root: rootDirectory,
    maxKeyBytes: MAX_PATH_BYTES,
    problem: (_path, key) =>
      key.startsWith(ACME) ? `the service keeps ${ACME} to itself` : undefined,
  })
}
