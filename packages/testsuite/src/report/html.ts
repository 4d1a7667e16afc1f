import { createHash } from 'node:crypto'
import { badgeSVG, reportBadge } from './badge.ts'
import { escapeHTML as text } from './escape.ts'
import { SCRIPT } from './html-script.ts'
import { STYLE } from './html-style.ts'
import type { ConformanceReport, ReportArea, ReportCase, ReportCounts } from './schema.ts'

/**
 * The report as one HTML page that stands by itself: it loads nothing, its policy forbids that, and all
 * that comes from the report is escaped.
 */
export function reportHTML(report: ConformanceReport): string {
  const title = `Conformance of ${report.storage}`
  const icon = Buffer.from(badgeSVG(reportBadge(report))).toString('base64')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${text(title)}</title>
<link rel="icon" href="data:image/svg+xml;base64,${icon}">
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#cases">To the cases</a>
<header>
<h1>${text(title)}</h1>
<p>${verdict(report)}</p>
${facts(report)}
</header>
<main>
<h2 id="areas">Areas</h2>
${areas(report)}
${failures(report)}
<h2 id="capabilities">Capabilities</h2>
${capabilities(report)}
<h2 id="cases">Cases</h2>
${filter(report)}
${cases(report)}
</main>
<footer>Stowage conformance report, format version ${report.version}. The same as data: <code>report.json</code>.</footer>
<script>${SCRIPT}</script>
</body>
</html>
`
}

/** Nothing but this page's own style and script, by their sums, and the icon in it. */
function policy(): string {
  const sum = (content: string): string =>
    `'sha256-${createHash('sha256').update(content).digest('base64')}'`
  return `default-src 'none'; img-src data:; style-src ${sum(STYLE)}; style-src-attr 'unsafe-inline'; script-src ${sum(SCRIPT)}; base-uri 'none'; form-action 'none'`
}

function verdict({ totals, suite }: ConformanceReport): string {
  const counts = `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`
  if (totals.failed > 0) {
    return `<span class="verdict failed">Does not keep the contract</span> ${counts}`
  }
  if (suite.leftOut > 0) {
    const part = `<span class="verdict skipped">A part of the suite</span>`
    return `${part} ${counts}, ${suite.leftOut} not asked for`
  }
  return `<span class="verdict passed">Keeps the contract</span> ${counts}`
}

function facts(report: ConformanceReport): string {
  const { driver, server, runtime, suite } = report
  const of = driver.package === undefined ? '' : ` (${driver.package} ${driver.version ?? ''})`
  const packages = Object.entries(runtime.packages).map((entry) => entry.join(' '))
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Driver', `${driver.name}${of}`],
    ['Server', server?.name ?? server?.header],
    ['Server header', server?.name === undefined ? undefined : server.header],
    ['Run at', report.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
    ['Took', duration(report.durationMs)],
    ['Suite', `${suite.size}, seed ${suite.seed}, ${suite.concurrency} at a time`],
    ['Sizes around', `${suite.partSize} bytes, ${suite.pageSize} entries`],
    ['Runtime', `Node.js ${runtime.node}, ${runtime.platform} ${runtime.arch}`],
    ['Packages', packages.length === 0 ? undefined : packages.join(', ')],
  ]
  const shown = rows.filter(([, value]) => value !== undefined)
  const lines = shown.map(
    ([name, value = '']) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`,
  )
  return `<dl>${lines.join('\n')}</dl>`
}

function failures({ cases: all }: ConformanceReport): string {
  const failed = all.filter(({ status }) => status === 'failed')
  if (failed.length === 0) return ''
  const items = failed.map(
    ({ id, title }) => `<li><a href="#case-${text(id)}">${text(title)}</a></li>`,
  )
  return `<h2 id="failures">Failures</h2>\n<ul>${items.join('\n')}</ul>`
}

function capabilities(report: ConformanceReport): string {
  const items = Object.entries(report.capabilities).map(([name, has]) => {
    const mark = has
      ? '<span class="passed">✓ yes</span>'
      : '<span class="reason">– not declared</span>'
    return `<li><code>${text(name)}</code> ${mark}</li>`
  })
  return `<ul class="flags">${items.join('\n')}</ul>`
}

const COUNTS = ['passed', 'failed', 'skipped'] as const

function areas(report: ConformanceReport): string {
  const head = ['Area', 'Passed', 'Failed', 'Skipped', 'Time']
  const cells = head.map(
    (name, index) => `<th scope="col"${index > 0 ? ' class="number"' : ''}>${name}</th>`,
  )
  return `<div class="wide" role="region" aria-labelledby="areas" tabindex="0"><table>
<caption>What of each part of the contract was proven; times are those of the cases added up.</caption>
<thead><tr>${cells.join('')}<th scope="col">Share</th></tr></thead>
<tbody>${report.areas.map(areaRow).join('\n')}</tbody>
</table></div>`
}

function areaRow(area: ReportArea): string {
  const numbers = COUNTS.map((name) => {
    const strong = area[name] > 0 && name !== 'passed' ? ` ${name}` : ''
    return `<td class="number${strong}">${area[name]}</td>`
  })
  const link = `<a href="#area-${text(area.area)}">${text(area.area)}</a>`
  const time = `<td class="number">${duration(area.ms)}</td>`
  return `<tr><th scope="row">${link}</th>${numbers.join('')}${time}<td>${bar(area)}</td></tr>`
}

/** Drawn only: the numbers beside it say the same. */
function bar(counts: ReportCounts): string {
  const pieces = COUNTS.filter((name) => counts[name] > 0).map(
    (name) => `<i class="${name}" style="flex:${counts[name]}"></i>`,
  )
  return `<div class="bar" aria-hidden="true">${pieces.join('')}</div>`
}

function filter({ totals }: ConformanceReport): string {
  const boxes = COUNTS.map(
    (name) =>
      `<label><input type="checkbox" name="status" value="${name}" checked> ${name} (${totals[name]})</label>`,
  )
  return `<form hidden role="search" aria-label="Filter the cases">
<label>Search <input type="search" name="words" autocomplete="off" placeholder="words, an id, a message"></label>
${boxes.join('\n')}
<button type="reset">Reset</button>
<output aria-live="polite"></output>
</form>`
}

function cases(report: ConformanceReport): string {
  const groups = [...Map.groupBy(report.cases, ({ area }) => area)].map(
    ([area, all]) => `<tbody data-area="${text(area)}">
<tr class="area"><th colspan="3" scope="rowgroup" id="area-${text(area)}">${text(area)}</th></tr>
${all.map(caseRow).join('\n')}
</tbody>`,
  )
  return `<div class="wide" role="region" aria-labelledby="cases" tabindex="0"><table>
<caption>Every rule of the contract that was put to the test.</caption>
<thead><tr><th scope="col">Result</th><th scope="col">Rule</th><th scope="col" class="number">Time</th></tr></thead>
${groups.join('\n')}
</table></div>`
}

const MARKS: Readonly<Record<ReportCase['status'], string>> = {
  passed: '✓ passed',
  failed: '✗ failed',
  skipped: '– skipped',
}

function caseRow({ id, title, status, reason, limit, error, ms }: ReportCase): string {
  const known = limit ? 'known limit: ' : ''
  const why = reason === undefined ? '' : `<div class="reason">${known}${text(reason)}</div>`
  const message = error === undefined ? '' : `<pre>${text(error)}</pre>`
  const rule = `${text(title)} <code>${text(id)}</code>${why}${message}`
  return `<tr data-status="${status}" id="case-${text(id)}"><td class="status ${status}">${MARKS[status]}</td><td>${rule}</td><td class="number">${status === 'skipped' ? '' : duration(ms)}</td></tr>`
}

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
