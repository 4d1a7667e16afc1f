import { type Comparison, compare } from '../goals.ts'
import type { Row } from '../measure.ts'
import { type MemoryRow, mib } from '../memory.ts'
import type { Series } from '../runner.ts'
import { spread } from '../stats.ts'
import { dayOf, type Results, type Run } from './results.ts'

/** The results as a page of tables. */
export function markdown(results: Results): string {
  const comparisons = compare(results.rows)
  return [
    heading(results),
    goals(comparisons),
    ...tables(results.rows, comparisons),
    memory(results.memory),
    requests(results),
    imports(results),
    installs(results),
  ]
    .filter(Boolean)
    .join('\n\n')
    .concat('\n')
}

function heading({ machine, runs }: Results): string {
  return `# Results

Written by \`pnpm bench\` on ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node.js ${machine.node}.
[What it means](README.md), [all numbers](results.json).

${runs.map(line).join('\n')}

![How many times as quick as its rivals Stowage is](results.svg)`
}

function line(run: Run): string {
  const { minutes, backends, size, rounds, longRounds, load } = run
  return (
    `- ${backends.join(', ') || 'imports and installs'}: ${dayOf(run)}, in ${minutes} minutes, sizes "${size}", ${rounds} rounds of each job, ` +
    `${longRounds} of long ones; load average ${load[0]} at the beginning, ${load[1]} at the end`
  )
}

const VERDICTS = { met: 'met', unclear: 'not clear: within the spread', missed: '**missed**' }

function goals(comparisons: readonly Comparison[]): string {
  const rows = comparisons
    .filter(({ verdict }) => verdict !== undefined)
    .map(({ row, rival, ratio, cpu, least, verdict }) => [
      place(row),
      row.title,
      rival,
      `${(least ?? 0).toFixed(2)}`,
      between(ratio),
      cpu.toFixed(2),
      verdict ? VERDICTS[verdict] : '',
    ])
  if (rows.length === 0) return ''
  const head = ['backend', 'job', 'rival', 'aim', 'ratio', 'processor', '']
  return `## Aims

How many times as quick as its rival Stowage is, by the clock: the median of the rounds, and between which values the middle half
lies. "processor" is the same ratio of the processor time of the client alone.

${table(head, rows)}`
}

function tables(rows: readonly Row[], comparisons: readonly Comparison[]): string[] {
  return [...new Set(rows.map(place))].map((name) => {
    const own = rows.filter((row) => place(row) === name)
    const subjects = [...new Set(own.flatMap(({ series }) => series.map(({ subject }) => subject)))]
    const rivals = subjects.filter((subject) => subject !== 'stowage')
    const body = own.map((row) => [
      row.title,
      speed(
        row,
        row.series.find(({ subject }) => subject === 'stowage'),
      ),
      ...rivals.map((rival) => cell(row, rival, comparisons)),
    ])
    return `## ${name}\n\nOn ${own[0]?.server}. Each cell: the speed, and how many times as quick Stowage is.\n\n${table(
      ['job', 'Stowage', ...rivals],
      body,
    )}`
  })
}

function cell(row: Row, rival: string, comparisons: readonly Comparison[]): string {
  const found = comparisons.find((each) => each.row === row && each.rival === rival)
  const series = row.series.find(({ subject }) => subject === rival)
  return found ? `${speed(row, series)} (${between(found.ratio)})` : '-'
}

function speed({ unit, files }: Row, series: Series | undefined): string {
  if (!series || series.runs.length === 0) return '-'
  const { median } = spread(series.runs.map(({ ms }) => ms))
  if (unit === 'ms') return `${number(median)} ms`
  if (unit === '/s') return `${number((files * 1000) / median)}/s`
  const bytes = series.runs[0]?.bytes ?? 0
  return `${number(bytes / 1e3 / median)} MB/s`
}

function memory(rows: readonly MemoryRow[]): string {
  if (rows.length === 0) return ''
  const body = rows.map(({ backend, subject, bytes, uploadPeak, downloadPeak, bound }) => {
    const worst = Math.max(uploadPeak ?? 0, downloadPeak ?? 0)
    const verdict = bound === undefined ? '' : worst <= bound ? 'met' : '**missed**'
    const size = mib(bytes)
    return [
      backend,
      subject,
      size,
      mib(uploadPeak),
      mib(downloadPeak),
      bound ? mib(bound) : '',
      verdict,
    ]
  })
  return `## Memory

The most memory of the process while one file streams through it, beyond what it had before.

${table(['backend', '', 'file', 'in', 'out', 'may be', ''], body)}`
}

function requests({ requests: rows }: Results): string {
  if (rows.length === 0) return ''
  const backends = [...new Set(rows.map(({ backend }) => backend))]
  const parts = backends.map((backend) => {
    const own = rows.filter((row) => row.backend === backend)
    const subjects = [...new Set(own.flatMap((row) => Object.keys(row.requests)))]
    const body = own.map((row) => [
      row.title,
      ...subjects.map((subject) => String(row.requests[subject] ?? '-')),
    ])
    return `### ${backend}\n\n${table(['operation', ...subjects], body)}`
  })
  return `## Requests\n\n${parts.join('\n\n')}`
}

function imports({ imports: rows }: Results): string {
  if (rows.length === 0) return ''
  const body = rows.map(({ name, added, cpu, goal }) => [
    `\`${name}\``,
    between(added, 1),
    between(cpu, 1),
    goal === undefined ? '' : `${goal}`,
    goal === undefined ? '' : cpu.median <= goal ? 'met' : '**missed**',
  ])
  const head = ['package', 'ms', 'ms of the processor', 'aim', '']
  return `## Import

What \`import\` adds to the start of Node.js.\n\n${table(head, body)}`
}

function installs({ installs: rows }: Results): string {
  if (rows.length === 0) return ''
  const body = rows.map(({ title, packages, kibibytes, goal }) => [
    title,
    String(packages),
    number(kibibytes),
    goal ? `${goal.packages} packages, ${goal.kibibytes} KiB` : '',
    goal ? (packages <= goal.packages && kibibytes <= goal.kibibytes ? 'met' : '**missed**') : '',
  ])
  return `## Install\n\n${table(['', 'packages', 'KiB', 'aim', ''], body)}`
}

export function place({ backend, variant }: Row): string {
  return variant ? `${backend}, ${variant}` : backend
}

function between(
  { median, low, high }: { median: number; low: number; high: number },
  digits = 2,
): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`
}

function number(value: number): string {
  const digits = value < 10 ? 1 : 0
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
