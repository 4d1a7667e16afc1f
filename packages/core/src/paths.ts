import { InvalidPathError } from './errors.ts'

/** Longest path in bytes of UTF-8: the longest key of Amazon S3 and Google Cloud Storage. */
export const MAX_PATH_BYTES = 1024

// C0, DEL and C1 controls.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a path must not have
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

/** What is wrong with the path, in a few words, or undefined where it is valid. `/` is not. */
export function pathProblem(path: unknown): string | undefined {
  if (typeof path !== 'string') return 'a path is a string'
  if (!path.startsWith('/')) return 'a path starts with /'
  if (path === '/') return 'the root is allowed in stat, list, walk and purgeUploads only'
  if (path.endsWith('/')) return 'a path has no final /'
  if (path.includes('//')) return 'a path has no empty component'
  if (CONTROL.test(path)) return 'a path has no control characters'
  if (!path.isWellFormed()) return 'a path is well-formed Unicode'
  for (const part of path.split('/')) {
    if (part === '.' || part === '..') return `a path has no component "${part}"`
  }
  // A code unit is at most 3 bytes of UTF-8: most paths need no count.
  if (path.length * 3 > MAX_PATH_BYTES && Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return `a path has at most ${MAX_PATH_BYTES} bytes of UTF-8, this one has ${Buffer.byteLength(path)}`
  }
  return undefined
}

/** @throws InvalidPathError where the path is not valid. */
export function checkPath(path: unknown): asserts path is string {
  const problem = pathProblem(path)
  if (problem !== undefined) throw new InvalidPathError(path as string, { detail: problem })
}

/** As {@link checkPath}, but `/` is valid too. */
export function checkDirectory(path: unknown): asserts path is string {
  if (path !== '/') checkPath(path)
}

/**
 * Order of keys: the byte order of their UTF-8, which is what object stores list in. JavaScript's own
 * `<` compares UTF-16 and puts U+E000 to U+FFFF after everything beyond U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  for (let i = 0; i < end; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** The key prefix of everything in a directory: its path plus `/`; for the root, `/`. */
export function directoryKey(path: string): string {
  return path === '/' ? '/' : `${path}/`
}

/** Whether the path is inside the directory, at any depth. The directory itself is not. */
export function isBeneath(path: string, directory: string): boolean {
  const key = directoryKey(directory)
  return path.length > key.length && path.startsWith(key)
}

/** The directory that holds the path; `/` for a path of one component and for `/`. */
export function parentOf(path: string): string {
  const cut = path.lastIndexOf('/')
  return cut <= 0 ? '/' : path.slice(0, cut)
}

/** The last component. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Joins components to a directory's path. */
export function joinPath(directory: string, ...names: string[]): string {
  return names.reduce((path, name) => directoryKey(path) + name, directory)
}
