import type { Step, Value } from './step.ts'

/** Which calls a round is made of: some meet best among few others. */
export type Mix = 'files' | 'moves' | 'directories'

export const MIXES: readonly Mix[] = ['files', 'moves', 'directories']

interface Weighted {
  readonly weight: number
  readonly make: (draw: Draw) => Step
}

interface Draw {
  file(): string
  directory(): string
  value(): Value
  below(limit: number): number
}

/** The files of a round; none is above another. */
export function filesOf(root: string, mix: Mix): string[] {
  const names = mix === 'directories' ? ['d/x', 'd/y', 'e/x', 'e/y'] : ['a', 'd/x', 'd/y']
  return (mix === 'files' ? names.slice(0, 2) : names).map((name) => `${root}/${name}`)
}

const put: Weighted = {
  weight: 4,
  make: ({ file, value }) => ({ kind: 'put', path: file(), value: value() }),
}
const writer: Weighted = {
  weight: 4,
  make: ({ file, value, below }) => {
    const end = (['commit', 'commit', 'commit', 'cancel', 'close'] as const)[below(5)] ?? 'commit'
    return { kind: 'writer', path: file(), value: value(), pieces: 1 + below(3), end }
  },
}
const reads: Weighted = {
  weight: 8,
  make: ({ file, below }) => {
    return { kind: (['get', 'read', 'stat'] as const)[below(3)] ?? 'get', path: file() }
  },
}
const remove: Weighted = { weight: 2, make: ({ file }) => ({ kind: 'delete', path: file() }) }
const move: Weighted = {
  weight: 5,
  make: ({ file }) => {
    const path = file()
    let destination = file()
    while (destination === path) destination = file()
    return { kind: 'move', path, destination }
  },
}
const look: Weighted = {
  weight: 3,
  make: ({ directory, below }) => ({ kind: below(2) === 0 ? 'list' : 'walk', path: directory() }),
}
const removeAll: Weighted = {
  weight: 1,
  make: ({ directory }) => ({ kind: 'delete', path: directory() }),
}
const moveAll: Weighted = {
  weight: 2,
  make: ({ directory }) => {
    const path = directory()
    const destination = path.endsWith('/d') ? path.replace(/d$/, 'e') : path.replace(/e$/, 'd')
    return { kind: 'move', path, destination }
  },
}

const MIXTURES: Readonly<Record<Mix, readonly Weighted[]>> = {
  files: [put, writer, reads, remove],
  moves: [put, writer, reads, remove, move],
  directories: [put, writer, reads, remove, look, look, removeAll, moveAll],
}

/** What each client is to do, drawn by `below`. Values are given out in order: no two calls write the same. */
export function plan(
  { root, mix, clients, steps }: { root: string; mix: Mix; clients: number; steps: number },
  below: (limit: number) => number,
): Step[][] {
  const files = filesOf(root, mix)
  let values = 0
  const draw: Draw = {
    file: () => files[below(files.length)] as string,
    directory: () => `${root}/${below(2) === 0 ? 'd' : 'e'}`,
    value: () => ++values,
    below,
  }
  const weighted = MIXTURES[mix].flatMap((one) => Array.from({ length: one.weight }, () => one))
  return Array.from({ length: clients }, () =>
    Array.from({ length: steps }, () => (weighted[below(weighted.length)] as Weighted).make(draw)),
  )
}
