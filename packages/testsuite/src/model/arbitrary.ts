import { type Capabilities, parentOf } from '@stowage/core'
import fc, { type Arbitrary } from 'fast-check'
import type { Bytes, Operation } from './operations.ts'

/** Names that are easily taken for one another: prefixes, and signs that sort next to `/`. */
const FAMILY = [
  '/a',
  '/a-b',
  '/a.b',
  '/a/b',
  '/a0',
  '/a/b/c',
  '/a/b-c/d',
  '/a/b.c',
  '/a/a/a',
  '/a-b/x',
  '/a0/b/y',
]
const OTHERS = ['/b', '/b/a', '/b c/@x', '/%2e', '/deep/1/2/3/4/5/6', '/deep/1']
/** U+FF5E sorts before U+1F600 in bytes and after it in UTF-16. */
const UNICODE = ['/\u00e9', '/\uff5e', '/\u{1f600}', '/a/\u00fc']
/** Another spelling of a name in {@link UNICODE}. */
const DECOMPOSED = ['/e\u0301']
const CASES = ['/A', '/a/B']
const LONG = [`/${'n'.repeat(300)}`, `/a/${'n'.repeat(299)}x`]
/** What a negative index stands for: the root, and what no call accepts. */
const SPECIAL = ['/', '', 'a', '/a/', '/a//b', '/a/../b', '/a\u0000']
/** How many paths one sequence plays with: few, so that its operations meet. */
const MOST_PATHS = 7
/** Indices from here on stand for the directory of the path. */
const PARENTS = 100
/** A sequence begins with at most so many files. */
const FILES_FIRST = 5

export interface Drawn {
  /** Bytes the driver buffers: sizes around it are tried. */
  readonly partSize: number
  readonly steps: number
  readonly capabilities: Capabilities
}

/** Sequences of at most that many operations that the driver's capabilities allow. */
export function sequences({ partSize, steps, capabilities }: Drawn): Arbitrary<Operation[]> {
  const { unicodePaths, caseSensitive, normalizationSensitive, longNames } = capabilities
  const others = [
    ...OTHERS,
    ...(unicodePaths ? UNICODE : []),
    ...(unicodePaths && normalizationSensitive ? DECOMPOSED : []),
    ...(caseSensitive ? CASES : []),
    ...(longNames ? LONG : []),
  ]
  const any = fc.oneof(
    { arbitrary: fc.constantFrom(...FAMILY), weight: 3 },
    { arbitrary: fc.constantFrom(...others), weight: 1 },
  )
  const pool = fc.uniqueArray(any, { minLength: 2, maxLength: MOST_PATHS, size: 'max' })
  const anything = operation(partSize, capabilities.modTimes)
  // Something has to be there for the rest to be of interest.
  const first = fc.array(put(partSize, capabilities.modTimes), {
    maxLength: Math.min(FILES_FIRST, steps),
    size: 'max',
  })
  const rest = fc.array(anything, { maxLength: steps - FILES_FIRST, size: 'max' })
  return fc
    .record({ pool, first, rest })
    .map((drawn) => [...drawn.first, ...drawn.rest].map((one) => resolve(one, drawn.pool)))
}

function resolve(operation: Operation<number>, pool: readonly string[]): Operation {
  const path = (index: number): string => {
    const found = (index < 0 ? SPECIAL[-1 - index] : pool[(index % PARENTS) % pool.length]) ?? '/'
    const parent = index >= PARENTS ? parentOf(found) : '/'
    return parent === '/' ? found : parent
  }
  const resolved: Record<string, unknown> = { ...operation }
  for (const key of ['path', 'destination', 'startAfter']) {
    if (typeof resolved[key] === 'number') resolved[key] = path(resolved[key])
  }
  // The root and a directory's key are good starting points as well.
  if (
    operation.kind === 'walk' &&
    operation.startAfter !== undefined &&
    operation.skips % 3 === 1
  ) {
    resolved.startAfter = `${path(operation.startAfter)}/`.replace('//', '/')
  }
  return resolved as unknown as Operation
}

const slot = fc.oneof(
  { arbitrary: fc.constant(0), weight: 3 },
  { arbitrary: fc.constant(1), weight: 2 },
  { arbitrary: fc.constant(2), weight: 1 },
)
const pattern = fc.nat({ max: 5 })

function rarely(weight = 15): Arbitrary<boolean> {
  return fc.oneof(
    { arbitrary: fc.constant(false), weight },
    { arbitrary: fc.constant(true), weight: 1 },
  )
}

const common = { instance: fc.nat({ max: 1 }), aborted: rarely(20) }
const wrong = fc.integer({ min: -SPECIAL.length, max: -1 })
const path = fc.oneof(
  { arbitrary: fc.nat({ max: MOST_PATHS - 1 }), weight: 25 },
  { arbitrary: wrong, weight: 1 },
)
const parent = fc.integer({ min: PARENTS, max: PARENTS + MOST_PATHS - 1 })
const fileOrDirectory = fc.oneof({ arbitrary: path, weight: 2 }, { arbitrary: parent, weight: 1 })
/** For what reads directories the root is as good as any. */
const directory = fc.oneof(
  { arbitrary: fileOrDirectory, weight: 12 },
  { arbitrary: fc.constant(-1), weight: 6 },
  { arbitrary: wrong, weight: 1 },
)
const take = fc.oneof(
  { arbitrary: fc.constant(Number.POSITIVE_INFINITY), weight: 4 },
  { arbitrary: fc.integer({ min: 1, max: 3 }), weight: 1 },
)

function content(partSize: number): Arbitrary<Bytes> {
  const near = [partSize - 1, partSize, partSize + 1, 2 * partSize, 2 * partSize + 3]
  return fc.record({
    size: fc.oneof(
      { arbitrary: fc.constantFrom(0, 1, 31, 32, 33, 64, 96, 97), weight: 60 },
      // Large parts travel slowly to a real service: they come seldom.
      { arbitrary: fc.constantFrom(...near), weight: partSize > 256 * 1024 ? 3 : 30 },
    ),
    pattern,
  })
}

function offsets(partSize: number): Arbitrary<number> {
  return fc.constantFrom(0, 0, 0, 1, 1, 31, 32, 33, 64, 96, partSize, partSize + 1, -1)
}

const kind = <K extends string>(...kinds: K[]): Arbitrary<K> => fc.constantFrom(...kinds)

function record(model: Record<string, Arbitrary<unknown>>): Arbitrary<Operation<number>> {
  return fc.record(model) as unknown as Arbitrary<Operation<number>>
}

function put(partSize: number, modTimes: boolean): Arbitrary<Operation<number>> {
  // In the middle of the steps that they are compared in.
  const given = fc.integer({ min: 0, max: 1000 }).map((at) => at * 100_000_000 + 1000)
  return record({
    kind: kind('putContent'),
    path,
    content: content(partSize),
    text: rarely(4),
    modTime: modTimes ? fc.option(given, { nil: undefined, freq: 2 }) : fc.constant(undefined),
    ...common,
  })
}

function operation(partSize: number, modTimes: boolean): Arbitrary<Operation<number>> {
  const bytes = content(partSize)
  const of = (weight: number, model: Record<string, Arbitrary<unknown>>) => ({
    arbitrary: record(model),
    weight,
  })
  const offset = offsets(partSize)
  const length = fc.option(fc.constantFrom(0, 1, 31, 32, 33, partSize, -1), { nil: undefined })
  const startAfter = fc.option(fc.nat({ max: MOST_PATHS - 1 }), { nil: undefined })
  return fc.oneof(
    { arbitrary: put(partSize, modTimes), weight: 7 },
    of(2, { kind: kind('stat'), path: directory, ...common }),
    of(4, { kind: kind('getContent'), path, ...common }),
    of(3, { kind: kind('delete'), path: fileOrDirectory, ...common }),
    of(4, { kind: kind('read'), path, offset, length, ...common }),
    of(2, { kind: kind('list'), path: directory, take, ...common }),
    of(3, { kind: kind('walk'), path: directory, take, startAfter, skips: fc.nat(255), ...common }),
    of(6, { kind: kind('move'), path: fileOrDirectory, destination: fileOrDirectory, ...common }),
    of(1, { kind: kind('purge'), path: directory, dryRun: fc.boolean(), ...common }),
    of(7, { kind: kind('writer'), slot, path, append: fc.boolean(), resume: rarely(1), ...common }),
    of(12, { kind: kind('write'), slot, content: bytes }),
    of(10, { kind: kind('close', 'commit', 'commit', 'cancel'), slot }),
    of(1, { kind: kind('abort'), slot }),
    of(1, { kind: kind('open'), slot, path, offset, ...common }),
    of(2, { kind: kind('finish'), slot }),
    of(1, { kind: kind('reopen') }),
  )
}
