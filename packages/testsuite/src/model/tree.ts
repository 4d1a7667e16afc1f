import { createHash } from 'node:crypto'
import { entryKey, type StorageDriver } from '@stowage/core'

/**
 * All that a storage shows, a line for each entry: what `walk`, `list` and the contents say. Every other
 * content comes from `getContent`, by the turn these or those.
 */
export async function snapshot(driver: StorageDriver, turn: number): Promise<string[]> {
  const lines: string[] = []
  const directories = ['/']
  for await (const entry of driver.walk('/')) {
    if (entry.isDir) directories.push(entry.path)
    lines.push(`walk ${entryKey(entry)}, ${entry.size} bytes`)
    if (!entry.isDir)
      lines.push(
        `content of ${entry.path}: ${await digest(driver, entry.path, (lines.length + turn) % 4 < 2)}`,
      )
  }
  for (const directory of directories) {
    for await (const child of driver.list(directory)) lines.push(`list ${directory}: ${child}`)
  }
  return lines
}

async function digest(driver: StorageDriver, path: string, whole: boolean): Promise<string> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of whole ? [await driver.getContent(path)] : await driver.reader(path)) {
    hash.update(chunk as Uint8Array)
    size += (chunk as Uint8Array).length
  }
  return `${size} bytes, sha256 ${hash.digest('hex').slice(0, 16)}`
}

/** The first line in which two snapshots differ, in words, or undefined where none does. */
export function treeDifference(expected: string[], actual: string[]): string | undefined {
  const length = Math.max(expected.length, actual.length)
  for (let i = 0; i < length; i++) {
    if (expected[i] === actual[i]) continue
    return `the trees differ: expected ${expected[i] ?? 'no more'}\n     but got ${actual[i] ?? 'no more'}`
  }
  return undefined
}
