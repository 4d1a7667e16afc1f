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

/** @throws CliError that names the first line that is none of a manifest. */
export async function readManifest(file: string): Promise<ManifestEntry[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  return lines.flatMap((line, index) => {
    if (line === '') return []
    const [, escaped, sha256, name] = /^(\\?)([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
    if (sha256 === undefined || name === undefined) {
      throw new CliError(
        'MANIFEST',
        EXIT.usage,
        `${file}, line ${index + 1}: not a checksum and a name`,
        'write a manifest with stowage verify --write-manifest',
      )
    }
    return [{ name: escaped ? name.replaceAll('\\\\', '\\') : name, sha256 }]
  })
}

/** Sorted by name, as the walk gave them. */
export async function writeManifest(
  file: string,
  entries: readonly ManifestEntry[],
): Promise<void> {
  await writeFile(file, entries.map(manifestLine).join(''))
}
