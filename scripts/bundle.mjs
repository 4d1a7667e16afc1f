// Makes the dist of the package in the current directory, after `tsc -b` has written its declarations to build/:
//   node ../../scripts/bundle.mjs [further entry ...]
// The JavaScript of all modules goes into few files, because each module costs whoever imports the package about 0.2 ms.
// See docs/decisions/060-bundles.md. Entries are what "exports" and "bin" name, and the arguments (programs that the
// package starts by their path).
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { declarations } from './declarations.mjs'

const directory = process.cwd()
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

/** The files in dist/ that users reach, without directory and extension. */
function entryNames() {
  const published = Object.values(manifest.exports).flatMap((entry) => entry.default ?? [])
  const commands = Object.values(manifest.bin ?? {})
  const files = [...published, ...commands].map((file) => basename(file, '.js'))
  return [...new Set([...files, ...process.argv.slice(2)])]
}

/**
 * Puts what a library loads at once into one file: what its first entry loads, and what the entry for authors shares with
 * others. rolldown would split it by which entries and lazily loaded modules share it. A driver has a second entry, which
 * already holds all of it, and must: "sideEffects" names it.
 */
function chunks(names) {
  if (names.includes('register') || !names.includes('index')) return true
  const isLoadedBy = loaders()
  const common = basename(directory)
  const name = (id, context) => {
    const { importers } = context.getModuleInfo(id)
    const isShared = importers.some((by) => !isLoadedBy('driver', by, context))
    return isLoadedBy('index', id, context) || (isLoadedBy('driver', id, context) && isShared)
      ? common
      : null
  }
  return { groups: [{ debugName: 'what is loaded at once', name }] }
}

/** Tells whether an entry loads a module at once. */
function loaders() {
  const known = new Map()
  return function isLoadedBy(entry, id, context) {
    const key = `${entry} ${id}`
    if (!known.has(key)) {
      known.set(key, id === resolve('src', `${entry}.ts`)) // modules that import each other do not load each other
      const { importers } = context.getModuleInfo(id)
      if (importers.some((by) => isLoadedBy(entry, by, context))) known.set(key, true)
    }
    return known.get(key)
  }
}

async function javaScript(names) {
  const bundle = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, resolve('src', `${name}.ts`)])),
    platform: 'node',
    external: /^[^./]/, // dependencies stay what they are
    onLog(level, log) {
      if (level === 'warn') throw new Error(`rolldown: ${log.message}`)
    },
  })
  const { output } = await bundle.generate({
    dir: 'dist',
    format: 'esm',
    chunkFileNames: '[name].js',
    codeSplitting: chunks(names),
    // Names and lines stay as written, for the sake of stack traces; what comments say is in the declarations.
    minify: false,
    comments: { legal: true, annotation: true, jsdoc: false },
    sourcemap: 'hidden',
  })
  await bundle.close()
  return output.filter((file) => file.type === 'chunk')
}

function write(file, content) {
  const path = join('dist', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

const names = entryNames()
const files = await javaScript(names)
rmSync('dist', { recursive: true, force: true })
for (const { fileName, code } of files) write(fileName, code)
const typed = Object.values(manifest.exports).flatMap((entry) => entry.types ?? [])
for (const [file, content] of declarations(
  typed.map((path) => basename(path)),
  files,
)) {
  write(file, content)
}
