// Checks that no regular expression takes time out of proportion to what it is given, which may come from outside: every one
// in the sources of packages and examples is analysed by recheck. Names those that grow worse than in proportion, and fails.
//   node internal/checks/expressions.mjs [file ...]
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from 'recheck'
import { parseAst } from 'rolldown/parseAst'
import { root } from '../../scripts/workspaces.mjs'

/** Large counts take recheck long; what it has not found by then is bounded by just those counts. */
const PATIENCE_MS = 400
/** Each is a process of its own. */
const AT_ONCE = 4
const SOURCES = ['packages/*/src/**/*.ts', 'packages/*/template/**/*.ts', 'examples/*/src/**/*.ts']

function sources() {
  const globs = SOURCES.map((glob) => `:(glob)${glob}`)
  return execFileSync('git', ['ls-files', '-z', ...globs], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter(Boolean)
}

/** The regular expressions of a syntax tree: literals, and those made of a text that is there. */
function* expressions(node) {
  if (typeof node !== 'object' || node === null) return
  if (node.regex) yield node.regex
  const [pattern, flags] = node.callee?.name === 'RegExp' ? node.arguments : []
  if (typeof pattern?.value === 'string') {
    yield { pattern: pattern.value, flags: flags?.value ?? '' }
  }
  for (const child of Object.values(node)) yield* expressions(child)
}

/** Where each expression stands, by itself. */
function collect(files) {
  const all = new Map()
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const { pattern, flags } of expressions(parseAst(text, { lang: 'ts' }))) {
      const key = JSON.stringify([pattern, flags])
      all.set(key, [...(all.get(key) ?? []), file])
    }
  }
  return all
}

const named = process.argv.slice(2)
const all = collect(named.length > 0 ? named : sources())
let unknown = 0
let failures = 0
async function analyse([key, files]) {
  const [pattern, flags] = JSON.parse(key)
  // recheck knows neither: `v` reads what we write as `u` does, and `d` only asks for places.
  const known = flags.replace('v', 'u').replace('d', '')
  const { status, complexity, attack, error } = await check(pattern, known, {
    timeout: PATIENCE_MS,
  })
  if (status === 'safe') return
  if (error?.kind === 'timeout') {
    unknown += 1
    return
  }
  failures += 1
  const problem = attack
    ? `takes ${complexity.summary} time, for example on ${attack.pattern}`
    : `cannot be analysed: ${error.message ?? error.kind}`
  console.error(`expressions: ${files.join(', ')}: /${pattern}/${flags} ${problem}`)
}

// The lanes share one iterator: whoever is free takes the next.
const left = all.entries()
const lane = async () => {
  for (const entry of left) await analyse(entry)
}
await Promise.all(Array.from({ length: AT_ONCE }, lane))
console.log(`expressions: ${all.size} analysed, ${unknown} of them without an end in time`)
if (failures > 0) process.exitCode = 1
