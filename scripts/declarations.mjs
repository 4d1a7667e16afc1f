// The declarations that a published package carries: those that its entry points reach, with maps that lead to the
// JavaScript beside them. The sources are not published, so the maps of tsc would lead nowhere.
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix, resolve } from 'node:path'
import { addSegment, GenMapping, toEncodedMap } from '@jridgewell/gen-mapping'
import { allGeneratedPositionsFor, decodedMappings, TraceMap } from '@jridgewell/trace-mapping'

const IMPORT = /(?:from|import|import\()\s*['"](\.[^'"]+)\.ts['"]/g
const IDENTIFIER = /[\w$]+/y

/** Every declaration file below build/ that the entries name, directly or not. */
function reachable(entries) {
  const found = new Map()
  const visit = (file) => {
    if (found.has(file)) return
    const text = readFileSync(join('build', file), 'utf8')
    found.set(file, text)
    for (const [, other] of text.matchAll(IMPORT)) visit(join(file, '..', `${other}.d.ts`))
  }
  for (const entry of entries) visit(entry)
  return found
}

/** The identifier at a position, counted from zero. */
function identifierAt(lines, line, column) {
  IDENTIFIER.lastIndex = column
  return IDENTIFIER.exec(lines[line] ?? '')?.[0]
}

/** Where a position of a source is found in the JavaScript files: the same identifier, or nothing. */
function locator(chunks) {
  const files = chunks
    .filter(({ map }) => map) // one that only names others has none
    .map(({ fileName, code, map }) => ({
      fileName,
      lines: code.split('\n'),
      map: new TraceMap({ ...map, sources: map.sources.map((source) => resolve('dist', source)) }),
    }))
  return (source, line, column, identifier) => {
    for (const { fileName, lines, map } of files) {
      if (!map.sources.includes(source)) continue
      const position = { source, line: line + 1, column }
      const at = allGeneratedPositionsFor(map, position).find(
        (found) => identifierAt(lines, found.line - 1, found.column) === identifier,
      )
      if (at) return { fileName, line: at.line - 1, column: at.column }
    }
    return undefined
  }
}

/**
 * A declaration's map, led on to the JavaScript. What is not there (an interface) keeps its place in the source, which
 * is not published: editors then stay at the declaration. Without it they would take the next place that is there.
 */
function led(file, text, locate) {
  const tsc = new TraceMap(readFileSync(join('build', `${file}.map`), 'utf8'))
  const lines = text.split('\n')
  const folder = dirname(file)
  const out = new GenMapping()
  decodedMappings(tsc).forEach((segments, line) => {
    const places = segments.flatMap(([column, source, sourceLine, sourceColumn]) => {
      const identifier = identifierAt(lines, line, column)
      if (source === undefined || identifier === undefined) return []
      const path = tsc.sources[source]
      const at = locate(resolve('build', folder, path), sourceLine, sourceColumn, identifier)
      return [{ column, identifier, at, original: [path, sourceLine, sourceColumn] }]
    })
    // A declaration begins with "export", of which the JavaScript has nothing left.
    const first = places.find(({ at }) => at)
    if (first && places[0].identifier === 'export') places[0].at = { ...first.at, column: 0 }
    for (const { column, identifier, at, original } of places) {
      if (!at) {
        addSegment(out, line, column, ...original)
        continue
      }
      const script = posix.relative(folder, at.fileName)
      addSegment(out, line, column, script, at.line, at.column)
      const { length } = identifier // its end too: TypeScript 7 looks it up
      addSegment(out, line, column + length, script, at.line, at.column + length)
    }
  })
  const { version, sources, names, mappings } = toEncodedMap(out)
  return JSON.stringify({ version, file: basename(file), sourceRoot: '', sources, names, mappings })
}

/** Name and content of each declaration file and map that belongs into dist/. */
export function* declarations(entries, chunks) {
  const locate = locator(chunks)
  for (const [file, text] of reachable(entries)) {
    yield [file, text]
    if (existsSync(join('build', `${file}.map`))) yield [`${file}.map`, led(file, text, locate)]
  }
}
