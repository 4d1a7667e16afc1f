import { randomOf } from '../data.ts'
import { lengths, PIECES } from './pieces.ts'

/** A path that nobody means well with. */
export interface HostilePath {
  /** The kind of hostility, in words. */
  readonly what: string
  readonly path: string
}

/** Where a piece goes: a component, part of one, its begin, its end, a directory. */
const PLACES: readonly ((piece: string) => string)[] = [
  (piece) => `/${piece}`,
  (piece) => `/a${piece}b`,
  (piece) => `/dir/${piece}`,
  (piece) => `/${piece}/x`,
  (piece) => `/dir/x${piece}`,
  (piece) => `/dir/${piece}x`,
]

/** Plain paths for the fuzzer to spoil. */
const PLAIN = ['/a', '/file', '/dir/file', '/dir/sub/file', '/e\u0301/x', '/a-b/c.d', '/x y/z']
/** Pieces that one path gets at most. */
const MOST = 3

const pieces = Object.entries(PIECES).flatMap(([what, all]) =>
  all.map((piece) => ({ what, piece })),
)

/**
 * The corpus: every piece at every place, and every length at which something is cut. What it holds
 * stays the same from run to run.
 */
export const hostileCorpus: readonly HostilePath[] = unique([
  ...PLACES.flatMap((place) => pieces.map(({ what, piece }) => ({ what, path: place(piece) }))),
  ...lengths(),
  ...['', 'a', 'a/b', './a', '../a', '*', 'C:/a', '\\a', ' /a', '\ufeff/a', 'file:///a'].map(
    (path) => ({ what: 'not absolute', path }),
  ),
  ...['/a/', '/a//', '/dir/sub/', '//', '///a'].map((path) => ({ what: 'empty components', path })),
])

/** So many different paths: the corpus first, then mutations that follow from the seed. */
export function hostilePaths(seed: number, count: number): readonly HostilePath[] {
  const next = randomOf(seed, 'hostile paths')
  const below = (limit: number): number => Math.floor(next() * limit)
  const found = new Map(hostileCorpus.map((one) => [one.path, one]))
  while (found.size < count) {
    const made = mutated(below)
    if (!found.has(made.path)) found.set(made.path, made)
  }
  return [...found.values()].slice(0, count)
}

function mutated(below: (limit: number) => number): HostilePath {
  let path = PLAIN[below(PLAIN.length)] as string
  // Else a few thousand of them would be the same.
  if (below(2) === 0) path += below(10_000).toString(36)
  const kinds: string[] = []
  for (let left = 1 + below(MOST); left > 0; left--) {
    const { what, piece } = pieces[below(pieces.length)] as (typeof pieces)[number]
    kinds.push(what)
    path = MUTATIONS[below(MUTATIONS.length)]?.(path, piece, below) ?? path
  }
  return { what: [...new Set(kinds)].join(', '), path }
}

type Mutation = (path: string, piece: string, below: (limit: number) => number) => string

const MUTATIONS: readonly Mutation[] = [
  (path, piece, below) => {
    const at = 1 + below(path.length)
    return path.slice(0, at) + piece + path.slice(at)
  },
  (path, piece) => path + piece,
  (path, piece) => `${path}/${piece}`,
  (path, piece) => `/${piece}${path}`,
  (path, piece, below) =>
    path.replace(/(?<![^/])[^/]+$/, (name) => name.slice(0, below(3)) + piece),
  (path, piece, below) => path + piece.repeat(1 + below(300)),
  (path, piece) => encodeURI(path.toWellFormed()) + piece,
  (path, piece) => (path + piece).normalize('NFD'),
  (path, piece) => (path + piece).normalize('NFKC'),
  (path, piece) => path.toUpperCase() + piece,
]

function unique(all: readonly HostilePath[]): HostilePath[] {
  return [...new Map(all.map((one) => [one.path, one])).values()]
}

/**
 * Whether the contract takes it for a path: in the suite's own words, since the suite does not trust
 * core's.
 */
export function isContractPath(path: string): boolean {
  const bytes = Buffer.from(path)
  if (bytes.length > 1024 || bytes.toString() !== path || path[0] !== '/') return false
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return false
  }
  return path
    .slice(1)
    .split('/')
    .every((name) => name !== '' && name !== '.' && name !== '..')
}

/** Other spellings that some systems take for the same name. */
export function twinsOf(path: string): string[] {
  const made = [
    ...(['NFC', 'NFD', 'NFKC'] as const).map((form) => path.normalize(form)),
    path.toLowerCase(),
    path.toUpperCase(),
    decoded(path),
    encodeURI(path),
    path.replaceAll('\\', '/'),
    path.replace(/(?<![. ])[. ]+$/, ''),
    path.replaceAll('+', ' '),
  ]
  return [...new Set(made)].filter((twin) => twin !== path && isContractPath(twin))
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
