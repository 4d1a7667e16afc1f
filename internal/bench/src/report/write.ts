import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { markdown } from './markdown.ts'
import { combined, type Results } from './results.ts'
import { svg } from './svg.ts'

/** Writes results.json, results.md and results.svg into a folder; with `add`, beside what is there of other backends. */
export async function writeResults(run: Results, folder: string, add: boolean): Promise<void> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'results.json')
  const results = add ? combined(JSON.parse(await readFile(file, 'utf8')), run) : run
  await writeFile(file, `${JSON.stringify(results, undefined, 1)}\n`)
  await writeFile(join(folder, 'results.md'), markdown(results))
  await writeFile(join(folder, 'results.svg'), svg(results))
}
