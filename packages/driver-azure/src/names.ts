import { Names } from '@stowage/driver-kit'

/** Longest blob name in UTF-16 code units, and most segments in it: limits of the service. */
const MAX_NAME = 1024
const MAX_SEGMENTS = 254

/** Listings are XML 1.0, which cannot hold these two. */
const NONCHARACTERS = /[\ufffe\uffff]/

/** Which blob a path is, and which path a blob is. */
export function blobNames(rootDirectory: string): Names {
  return new Names({
    root: rootDirectory,
    maxKeyUnits: MAX_NAME,
    maxKeyParts: MAX_SEGMENTS,
    problem: (path) => {
      if (path.includes('\\')) return 'the service takes \\ for /'
      if (path.endsWith('.') || path.includes('./'))
        return 'the service drops a final . of a component'
      if (NONCHARACTERS.test(path)) return 'the service cannot list U+FFFE and U+FFFF'
      return undefined
    },
  })
}
