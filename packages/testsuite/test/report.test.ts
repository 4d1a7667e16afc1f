import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  badgeSVG,
  type ConformanceReport,
  conformanceReport,
  parseReport,
  type ReportAbout,
  reportBadge,
  reportHTML,
  type SuiteReport,
  suiteCases,
  writeReport,
} from '@stowage/testsuite'

const HOSTILE = `</script><img src=x onerror="alert('1')"> & \u0007 \u202e`

function suiteReport(changes: Partial<SuiteReport> = {}): SuiteReport {
  const results = suiteCases.map(({ id, area, title }) => ({
    ...{ id, area, title, status: 'passed' as const, ms: 2 },
  }))
  const totals = { passed: results.length, failed: 0, skipped: 0 }
  return { name: 'mine', seed: 7, size: 'quick', results, ...totals, ...changes }
}

function failing(message: string): SuiteReport {
  const { results } = suiteReport()
  const [first, second, ...rest] = results
  if (first === undefined || second === undefined) throw new Error('the suite has no cases')
  return suiteReport({
    results: [
      { ...first, status: 'failed', error: new Error(message) },
      { ...second, status: 'skipped', reason: message },
      ...rest,
    ],
    ...{ passed: results.length - 2, failed: 1, skipped: 1 },
  })
}

function make(report: SuiteReport, changes: Partial<ReportAbout> = {}): ConformanceReport {
  const capabilities = { persistent: true, append: false }
  return conformanceReport(report, {
    options: { name: 'mine', open: () => Promise.reject(new Error('not opened')) },
    driver: { name: 'mine', capabilities: capabilities as never },
    startedAt: new Date('2026-01-02T03:04:05.678Z'),
    durationMs: 1234.5,
    ...changes,
  })
}

describe('the report of a run', () => {
  it('says what was tested, how, where, and what came of it', () => {
    const report = make(failing('wrong byte'), {
      package: { name: 'stowage-driver-mine', version: '1.2.3' },
      server: { name: 'Store 4', header: 'Store' },
      packages: { '@stowage/core': '0.1.0' },
    })
    expect(report).toMatchObject({
      format: 'stowage-conformance-report',
      version: 1,
      startedAt: '2026-01-02T03:04:05.678Z',
      durationMs: 1235,
      storage: 'mine',
      driver: { name: 'mine', package: 'stowage-driver-mine', version: '1.2.3' },
      server: { name: 'Store 4', header: 'Store' },
      runtime: { node: process.versions.node, packages: { '@stowage/core': '0.1.0' } },
      suite: { size: 'quick', seed: 7, concurrency: 1, partSize: 65536, pageSize: 50, leftOut: 0 },
      capabilities: { persistent: true, append: false },
      totals: { failed: 1, skipped: 1 },
    })
    expect(report.cases.map(({ id }) => id)).toEqual(suiteCases.map(({ id }) => id))
    expect(report.cases[0]).toMatchObject({ status: 'failed', error: 'wrong byte', ms: 2 })
    expect(report.areas[0]).toMatchObject({ area: report.cases[0]?.area, failed: 1, skipped: 1 })
  })

  it('is the same after it was written and read again', () => {
    const report = make(failing(HOSTILE))
    expect(parseReport(JSON.stringify(report))).toEqual(report)
  })

  it('of another format or a later version is refused', () => {
    const later = JSON.stringify({ ...make(suiteReport()), version: 2 })
    expect(() => parseReport(later)).toThrow('the report has version 2; this package reads 1')
    expect(() => parseReport('{"format":"other"}')).toThrow('not a conformance report')
    expect(() => parseReport('null')).toThrow('not a conformance report')
  })

  it.each([
    ['s3://AKIA:secretvalue@bucket/a?secretKey=secretvalue&x=1#f', 's3://bucket/a#f'],
    ['https://h/b?X-Amz-Signature=secretvalue failed', 'https://h/b failed'],
    ["fetch of 'http://u:secretvalue@h:90/p?sig=secretvalue'", "fetch of 'http://h:90/p'"],
    ['a//b and mail@example.org stay', 'a//b and mail@example.org stay'],
  ])('keeps neither user nor query of a URL, wherever it stands: %s', (text, clean) => {
    const report = make({ ...failing(text), name: text }, { server: { name: text } })
    expect(report.storage).toBe(clean)
    expect(report.server?.name).toBe(clean)
    expect(report.cases[0]?.error).toBe(clean)
    expect(report.cases[1]?.reason).toBe(clean)
    expect(JSON.stringify(report)).not.toContain('secretvalue')
  })

  it('hands every text to the redaction that it is given', () => {
    const report = make(failing('the key is hunter22'), {
      server: { header: 'hunter22' },
      redact: (text) => text.replaceAll('hunter22', '***'),
    })
    expect(JSON.stringify(report)).not.toContain('hunter22')
    expect(report.cases[0]?.error).toBe('the key is ***')
  })
})

describe('the page', () => {
  it('loads nothing and escapes all that it shows', () => {
    const report = make(
      { ...failing(HOSTILE), name: HOSTILE },
      { server: { name: HOSTILE }, driver: { name: HOSTILE, capabilities: {} as never } },
    )
    const page = reportHTML(report)
    expect(page).not.toContain('<img')
    expect(page.match(/<\/script>/g)).toHaveLength(1)
    expect(page).toContain(
      '&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;',
    )
    expect(page).toContain('\\u0007 \\u202e')
    expect(page.match(/\b(?:src|href)="(?!#|data:image\/svg)[^"]*"/g)).toBeNull()
    expect(page).not.toMatch(/url\(|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg)/)
  })

  it('shows a verdict, and none for a part of the suite', () => {
    expect(reportHTML(make(suiteReport()))).toContain('Keeps the contract')
    expect(reportHTML(make(failing('x')))).toContain('Does not keep the contract')
    const part = suiteReport({ results: suiteReport().results.slice(0, 3), passed: 3 })
    expect(reportHTML(make(part))).toContain('A part of the suite')
  })
})

describe('the badge', () => {
  it('is a shields endpoint and an image with the same words', () => {
    const badge = reportBadge(make(suiteReport()))
    const message = `${suiteCases.length} passed`
    expect(badge).toEqual({
      schemaVersion: 1,
      label: 'stowage contract',
      message,
      color: 'brightgreen',
    })
    expect(badgeSVG(badge)).toContain(`aria-label="stowage contract: ${message}"`)
    expect(reportBadge(make(failing('x')))).toMatchObject({ message: '1 failed', color: 'red' })
    const part = suiteReport({ results: suiteReport().results.slice(0, 3), passed: 3 })
    expect(reportBadge(make(part))).toMatchObject({
      message: 'partial, 3 passed',
      color: 'lightgrey',
    })
  })
})

describe('writeReport', () => {
  it('writes four files into a directory that it makes, and replaces them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stowage-report-'))
    try {
      const report = make(failing('x'))
      for (const made of [make(suiteReport()), report]) {
        const files = await writeReport(join(folder, 'a/b'), made)
        const names = files.map((file) => file.slice(join(folder, 'a/b').length + 1))
        expect(names).toEqual(['report.json', 'index.html', 'badge.svg', 'badge.json'])
      }
      expect(parseReport(await readFile(join(folder, 'a/b/report.json'), 'utf8'))).toEqual(report)
      expect(await readFile(join(folder, 'a/b/index.html'), 'utf8')).toBe(reportHTML(report))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
