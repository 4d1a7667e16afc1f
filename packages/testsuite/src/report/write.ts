import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { badgeSVG, reportBadge } from './badge.ts'
import { reportHTML } from './html.ts'
import type { ConformanceReport } from './schema.ts'

/**
 * Writes the report into a directory, which is made where it is missing: `report.json`, `index.html`,
 * `badge.svg` and `badge.json`. Each file is replaced in one step.
 * @returns the files' paths.
 */
export async function writeReport(directory: string, report: ConformanceReport): Promise<string[]> {
  const badge = reportBadge(report)
  const files = {
    'report.json': `${JSON.stringify(report, undefined, 1)}\n`,
    'index.html': reportHTML(report),
    'badge.svg': badgeSVG(badge),
    'badge.json': `${JSON.stringify(badge)}\n`,
  }
  await mkdir(directory, { recursive: true })
  const paths: string[] = []
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name)
    await writeFile(`${path}.new`, content)
    await rename(`${path}.new`, path)
    paths.push(path)
  }
  return paths
}
