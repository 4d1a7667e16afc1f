// The table of requests in a driver's README, for the test that counts them.
import { readFileSync } from 'node:fs'

/**
 * The cells of the first table below a heading of a README, row by row without the head.
 *
 * @throws Error when there is no such heading with a table.
 */
export function tableBelow(heading: string, readme: URL): string[][] {
  const lines = readFileSync(readme, 'utf8').split('\n')
  const start = lines.indexOf(heading)
  const section = start < 0 ? [] : lines.slice(start + 1)
  const end = section.findIndex((line) => line.startsWith('#'))
  const rows = section
    .slice(0, end < 0 ? undefined : end)
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').slice(1, -1))
  if (rows.length < 3) throw new Error(`no table below "${heading}" in ${readme.href}`)
  // The head, and the rule beneath it.
  return rows.slice(2).map((cells) => cells.map((cell) => cell.trim()))
}

/** Names of operations as such a table has them: `2 GetBlob, 1 PutBlob`, in the order of the first of each. */
export function counted(operations: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of operations) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none'
}
