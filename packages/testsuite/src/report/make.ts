import type { Capabilities, StorageDriver } from '@stowage/core'
import { type CaseResult, type SuiteOptions, type SuiteReport, settings } from '../options.ts'
import { suiteCases } from '../suite-cases.ts'
import {
  type ConformanceReport,
  REPORT_FORMAT,
  REPORT_VERSION,
  type ReportArea,
  type ReportCase,
  type ReportServer,
} from './schema.ts'

/** What a report says besides the results. */
export interface ReportAbout {
  /** The options that {@link runSuite} was given. */
  readonly options: SuiteOptions
  /** An instance of the driver, open or closed: its name and what it declares. */
  readonly driver: Pick<StorageDriver, 'name' | 'capabilities'>
  readonly startedAt: Date
  readonly durationMs: number
  /** The npm package of the driver. */
  readonly package?: { readonly name: string; readonly version: string } | undefined
  readonly server?: ReportServer | undefined
  /** Versions of further packages that took part, by name. */
  readonly packages?: Readonly<Record<string, string>> | undefined
  /** Takes out of a text what must not be published; it gets every text of the report. */
  readonly redact?: ((text: string) => string) | undefined
}

/**
 * The results of a run as a report that can be published: plain data, in which no URL keeps its user,
 * password or query. Other secrets are up to {@link ReportAbout.redact}.
 */
export function conformanceReport(report: SuiteReport, about: ReportAbout): ConformanceReport {
  const { options, driver, startedAt, durationMs, server } = about
  const { partSize, pageSize, concurrency } = settings(options)
  const { size, seed, passed, failed, skipped, results } = report
  const made: ConformanceReport = {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(durationMs),
    storage: report.name,
    driver: { name: driver.name, package: about.package?.name, version: about.package?.version },
    server,
    runtime: {
      node: process.versions.node,
      platform: process.platform,
      arch: process.arch,
      packages: about.packages ?? {},
    },
    suite: {
      ...{ size, seed, concurrency, partSize, pageSize },
      leftOut: suiteCases.length - results.length,
    },
    capabilities: { ...(driver.capabilities as Record<keyof Capabilities, boolean>) },
    totals: { passed, failed, skipped },
    areas: areasOf(results),
    cases: results.map((result) => caseOf(result, options)),
  }
  return withoutSecrets(made, about.redact ?? ((text) => text)) as ConformanceReport
}

function caseOf(result: CaseResult, { skip = {} }: SuiteOptions): ReportCase {
  const { id, area, title, status, reason, error, ms } = result
  const limit = status === 'skipped' && Object.hasOwn(skip, id) ? true : undefined
  return { id, area, title, status, reason, limit, error: error?.message.trim(), ms }
}

function areasOf(results: readonly CaseResult[]): ReportArea[] {
  const areas = Map.groupBy(results, ({ area }) => area)
  return [...areas].map(([area, cases]) => {
    const count = (status: CaseResult['status']): number =>
      cases.filter((one) => one.status === status).length
    return {
      area,
      ...{ passed: count('passed'), failed: count('failed'), skipped: count('skipped') },
      ms: cases.reduce((sum, { ms }) => sum + ms, 0),
    }
  })
}

/** The value with every text in it cleaned, and without what is undefined. */
function withoutSecrets(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return withoutCredentials(redact(value))
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, redact))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutSecrets(item, redact)]))
}

/** Signatures and tokens stand in queries, passwords before the `@`: no URL keeps either. */
function withoutCredentials(text: string): string {
  return text.replace(
    /\b([a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/?#"'<>]*@)?([^\s?#"'<>]*)(?:\?[^\s#"'<>]*)?/gi,
    '$1$2',
  )
}

/**
 * Reads what a `report.json` holds.
 * @throws TypeError where it is no report, or one of a later version.
 */
export function parseReport(text: string): ConformanceReport {
  const value: unknown = JSON.parse(text)
  const { format, version } = (value ?? {}) as Partial<ConformanceReport>
  if (format !== REPORT_FORMAT) throw new TypeError('this is not a conformance report of Stowage')
  if (version !== REPORT_VERSION) {
    throw new TypeError(`the report has version ${version}; this package reads ${REPORT_VERSION}`)
  }
  return value as ConformanceReport
}
