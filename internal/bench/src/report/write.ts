import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { markdown } from './markdown.ts'
import type { Results } from './results.ts'
import { svg } from './svg.ts'

/** Writes results.json, results.md and results.svg into a folder. */
export async function writeResults(results: Results, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'results.json'), `${JSON.stringify(results, undefined, 1)}\n`)
  await writeFile(join(folder, 'results.md'), markdown(results))
  await writeFile(join(folder, 'results.svg'), svg(results))
}
