// A plot of the ratios: one line for each job, one dot for each rival, with the spread of the rounds.
import { type Comparison, compare } from '../goals.ts'
import { place } from './markdown.ts'
import { dayOf, type Results } from './results.ts'

const LABELS = 330
const WIDTH = 900
const LINE = 18
const TOP = 60
/** Ratios outside are drawn at the edge. */
const RANGE = [1 / 8, 16] as const
const COLOURS: Readonly<Record<string, string>> = {
  raw: '#1f77b4',
  go: '#17becf',
  flystorage: '#ff7f0e',
  flydrive: '#9467bd',
  unstorage: '#8c564b',
  opendal: '#7f7f7f',
}

/** The results as a picture. */
export function svg({ rows, machine, runs }: Results): string {
  const comparisons = compare(rows)
  const jobs = rows.filter((row) => comparisons.some((each) => each.row === row))
  const height = TOP + jobs.length * LINE + 40
  const lines = jobs.flatMap((row, index) => {
    const y = TOP + index * LINE + LINE / 2
    const dots = comparisons.filter((each) => each.row === row).map((each) => dot(each, y))
    return [text(LABELS - 8, y + 4, `${place(row)}: ${row.title}`, 'end'), ...dots]
  })
  const about = [...new Set(runs.flatMap((run) => [run.size, dayOf(run)]))].join(', ')
  const title = `How many times as quick as its rivals Stowage is (${about}, ${machine.cores} cores)`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(WIDTH / 2, 18, title, 'middle'),
    ...legend(),
    ...grid(height),
    ...lines,
    '</svg>\n',
  ].join('\n')
}

function at(ratio: number): number {
  const [low, high] = RANGE
  const clamped = Math.min(high, Math.max(low, ratio))
  const part = Math.log(clamped / low) / Math.log(high / low)
  return Math.round((LABELS + part * (WIDTH - LABELS - 20)) * 10) / 10
}

function dot({ rival, ratio, verdict, row }: Comparison, y: number): string {
  const colour = COLOURS[rival] ?? 'black'
  const ring = verdict === 'missed' ? ' stroke="#d62728" stroke-width="2"' : ''
  const words = `${place(row)}, ${row.title}: ${ratio.median.toFixed(2)} times as quick as ${rival}`
  return (
    `<g><title>${escaped(words)}</title>` +
    `<line x1="${at(ratio.low)}" x2="${at(ratio.high)}" y1="${y}" y2="${y}" stroke="${colour}"/>` +
    `<circle cx="${at(ratio.median)}" cy="${y}" r="4" fill="${colour}"${ring}/></g>`
  )
}

function grid(height: number): string[] {
  const lines: string[] = []
  for (let ratio: number = RANGE[0]; ratio <= RANGE[1]; ratio *= 2) {
    const x = at(ratio)
    const colour = ratio === 1 ? '#333' : '#ddd'
    lines.push(`<line x1="${x}" x2="${x}" y1="${TOP}" y2="${height - 30}" stroke="${colour}"/>`)
    lines.push(text(x, height - 16, ratio < 1 ? `1/${1 / ratio}` : `${ratio}x`, 'middle'))
  }
  return lines
}

function legend(): string[] {
  return Object.entries(COLOURS).flatMap(([name, colour], index) => {
    const x = LABELS + index * 90
    return [`<circle cx="${x}" cy="36" r="4" fill="${colour}"/>`, text(x + 8, 40, name, 'start')]
  })
}

function text(x: number, y: number, words: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(words)}</text>`
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
