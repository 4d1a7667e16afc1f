// Makes docs/compatibility.md of the reports in docs/conformance/.
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ConformanceReport, parseReport } from '@stowage/testsuite'
import { root } from './markdown.ts'

/** In the order of the page; others come after them. */
const ORDER = [
  'memory',
  'filesystem',
  'sqlite',
  'ceph',
  'versitygw',
  'minio',
  'moto',
  'azurite',
  'fake-gcs-server',
]

/** A report and the name of its file, without extension. */
export interface Tested {
  readonly id: string
  readonly report: ConformanceReport
}

/** Every report that is kept in the repository. */
export function reports(): Tested[] {
  const rank = (id: string): number => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length)
  return globSync('docs/conformance/*.json', { cwd: root })
    .map((path) => ({
      id: basename(path, '.json'),
      report: parseReport(readFileSync(join(root, path), 'utf8')),
    }))
    .sort((a, b) => rank(a.id) - rank(b.id) || (a.id < b.id ? -1 : 1))
}

/** The page. */
export function compatibilityPage(): string {
  const all = reports()
  return `# Compatibility

What the published suite has shown on every storage that this repository can start. Made from the reports in
[conformance/](conformance) by \`npm run pnpm -- --filter @stowage-internal/docs compatibility\`; do not edit. Your own storage:
\`stowage conformance <url> --report <directory>\`.

## Results

A case that did not run is of a capability that the driver does not declare, or a known limit of the server. Limits and failures are listed below.

${results(all)}

## Capabilities

${capabilities(all)}

## Volumes of driver-fs

The local directory above is on a usual volume of Linux. On these, \`npm test\` runs a part of the suite ([volumes.test.ts](../packages/driver-fs/test/volumes.test.ts)), on machines with FUSE: the areas in
which names and renames count, without the cases of many or large files. Each is reached through FUSE, by the programs of its row.

| volume | by | \`caseSensitive\` | \`normalizationSensitive\` |
| --- | --- | --- | --- |
| exFAT | exfat-fuse | - | yes |
| NTFS with the names of POSIX | ntfs-3g | yes | yes |
| one that folds case and normal forms and keeps names as given, as APFS does | a small file system of the tests | - | - |

APFS itself, Windows and network file systems have not been run. [README](../packages/driver-fs/README.md) tells what is known of names on each.

## By area

Cases passed, of those that apply.

${areas(all)}

## Known limits and failures

${limits(all)}
`
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function results(all: readonly Tested[]): string {
  const head = [
    'storage',
    'server',
    'driver',
    'passed',
    'failed',
    'known limits',
    'run on',
    'report',
  ]
  const rows = all.map(({ id, report }) => {
    const { driver, server, totals, startedAt } = report
    const version = `${driver.package ?? driver.name} ${driver.version ?? ''}`.trim()
    const known = report.cases.filter(({ limit }) => limit).length
    return [
      report.storage,
      server?.name ?? '-',
      version,
      totals.passed,
      totals.failed,
      known,
      startedAt.slice(0, 10),
      `[${id}](conformance/${id}.json)`,
    ]
  })
  return table(head, rows)
}

function capabilities(all: readonly Tested[]): string {
  const names = Object.keys(all[0]?.report.capabilities ?? {})
  const rows = names.map((name) => [
    `\`${name}\``,
    ...all.map(({ report }) =>
      report.capabilities[name as keyof typeof report.capabilities] ? 'yes' : '-',
    ),
  ])
  return table(['', ...all.map(({ id }) => id)], rows)
}

function areas(all: readonly Tested[]): string {
  const names = all[0]?.report.areas.map(({ area }) => area) ?? []
  const cell = ({ report }: Tested, name: string): string => {
    const found = report.areas.find(({ area }) => area === name)
    if (found === undefined || found.passed + found.failed === 0) return '-'
    return found.failed > 0
      ? `**${found.passed} of ${found.passed + found.failed}**`
      : `${found.passed}`
  }
  return table(
    ['area', ...all.map(({ id }) => id)],
    names.map((name) => [name, ...all.map((tested) => cell(tested, name))]),
  )
}

function limits(all: readonly Tested[]): string {
  const sections = all.flatMap(({ id, report }) => {
    const known = report.cases.filter(({ limit }) => limit)
    const whole = Map.groupBy(known, ({ reason = '' }) => reason)
    const lines = [...whole].map(([reason, cases]) => {
      const ids = cases.map((one) => `\`${one.id}\``)
      const shown = ids.length > 6 ? `${ids.length} cases` : ids.join(', ')
      return `- **${id}**: ${reason} (${shown})`
    })
    const failed = report.cases.filter(({ status }) => status === 'failed')
    return [...lines, ...failed.map((one) => `- **${id}** fails: ${one.title} (\`${one.id}\`)`)]
  })
  return sections.join('\n')
}
