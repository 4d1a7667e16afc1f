import { parameter, parseParameters } from '@stowage/core/driver'

/** Parameters of the driver `inmemory`. */
export interface InMemoryParameters {
  /**
   * Lets a path be a file and have descendants at once, as in an object store. Default false, as in a
   * file system: what works then works with every driver.
   */
  fileAndDirectory?: boolean | undefined
}

const schema = { fileAndDirectory: parameter.boolean({ default: false }) }

/** @throws ConfigError that lists every problem. */
export function parse(raw: unknown): Required<InMemoryParameters> {
  return parseParameters('inmemory', schema, raw)
}
