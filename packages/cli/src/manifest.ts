import { readFile, writeFile } from 'node:fs/promises'
import { CliError } from './errors.ts'
import { EXIT } from './exit-codes.ts'

/** A file's name relative to the tree, and its SHA-256. */
export interface ManifestEntry {
  readonly name: string
  readonly sha256: string
}

/** The lines of `sha256sum`, so that `sha256sum -c` can read them: a backslash is escaped as it does. */
export function manifestLine({ name, sha256 }: ManifestEntry): string {
  return name.includes('\\')
    ? `\\${sha256}  ${name.replaceAll('\\', '\\\\')}\n`
    : `${sha256}  ${name}\n`
}

const PLAIN = /^(\\?)([0-9a-f]{64}) [ *](.+)$/i
const TAGGED = /^(\\?)SHA256 \((.+)\) = ([0-9a-f]{64})$/i
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' }

/**
 * Reads what `sha256sum -c` reads: also lines of `--tag` and of Windows, sums in upper case, names that start
 * with `./`, comments and empty lines.
 * @throws CliError that names the first line that is none of a manifest.
 */
export async function readManifest(file: string): Promise<ManifestEntry[]> {
  const lines = (await readFile(file, 'utf8')).replace(/^\ufeff/, '').split('\n')
  return lines.flatMap((raw, index) => {
    const line = raw.replace(/\r$/, '')
    if (line === '' || line.startsWith('#')) return []
    const entry = parseLine(line)
    if (entry !== undefined) return [entry]
    throw new CliError(
      'MANIFEST',
      EXIT.usage,
      `${file}, line ${index + 1}: not a SHA-256 checksum and a name`,
      'write a manifest with stowage verify --write-manifest',
    )
  })
}

function parseLine(line: string): ManifestEntry | undefined {
  const [, plainMark, plainSum, plainName] = PLAIN.exec(line) ?? []
  const [, tagMark, tagName, tagSum] = TAGGED.exec(line) ?? []
  const [mark, sum, name] = [plainMark ?? tagMark, plainSum ?? tagSum, plainName ?? tagName]
  if (sum === undefined || name === undefined) return undefined
  const unescaped = mark ? name.replace(/\\[\\nr]/g, (code) => ESCAPES[code] ?? code) : name
  return { name: unescaped.replace(/^(\.\/+)+/, ''), sha256: sum.toLowerCase() }
}

/** Sorted by name, as the walk gave them. */
export async function writeManifest(
  file: string,
  entries: readonly ManifestEntry[],
): Promise<void> {
  await writeFile(file, entries.map(manifestLine).join(''))
}
