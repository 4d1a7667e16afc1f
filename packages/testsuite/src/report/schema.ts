import type { Capabilities } from '@stowage/core'
import type { SuiteSize } from '../options.ts'

/** What a file is recognised by. */
export const REPORT_FORMAT = 'stowage-conformance-report'

/** Raised when a reader of the version before would misread a report; new optional fields do not raise it. */
export const REPORT_VERSION = 1

/**
 * What a run of the suite on one storage has shown, as it is written to `report.json`. Everything that
 * stands in it is meant to be published: texts are without credentials, URLs without user and query.
 */
export interface ConformanceReport {
  readonly format: typeof REPORT_FORMAT
  readonly version: typeof REPORT_VERSION
  /** When the run began: ISO 8601, UTC. */
  readonly startedAt: string
  /** Wall-clock time of the whole run; less than the sum of the cases where several ran at a time. */
  readonly durationMs: number
  /** What was tested, by the name it goes by or by its URL. */
  readonly storage: string
  readonly driver: ReportDriver
  /** Left out where nobody said it and the storage did not tell. */
  readonly server?: ReportServer | undefined
  readonly runtime: ReportRuntime
  readonly suite: ReportSuite
  /** All flags of the contract, as the driver declares them. */
  readonly capabilities: Readonly<Record<keyof Capabilities, boolean>>
  readonly totals: ReportCounts
  /** In the order of the suite. */
  readonly areas: readonly ReportArea[]
  /** In the order of the suite, areas together. */
  readonly cases: readonly ReportCase[]
}

/** The driver under test. */
export interface ReportDriver {
  /** As it names itself in errors. */
  readonly name: string
  /** The npm package it came from, where that is known. */
  readonly package?: string | undefined
  readonly version?: string | undefined
}

/** The storage service behind the driver. */
export interface ReportServer {
  /** Product and version, as whoever ran the suite gave them. */
  readonly name?: string | undefined
  /** The `Server` header of its answers. */
  readonly header?: string | undefined
}

/** Where the suite ran. */
export interface ReportRuntime {
  /** The version of Node.js, or of what stands in for it, without a `v`. */
  readonly node: string
  readonly platform: string
  readonly arch: string
  /** Versions of Stowage's packages that took part, by name. */
  readonly packages: Readonly<Record<string, string>>
}

/** How the suite ran. */
export interface ReportSuite {
  readonly size: SuiteSize
  /** Runs the same data again. */
  readonly seed: number
  /** Cases at a time. */
  readonly concurrency: number
  /** Sizes around it were tried. */
  readonly partSize: number
  /** Numbers of entries around it were tried. */
  readonly pageSize: number
  /** Cases that the suite has and this run left out by a filter: above 0, the report is no verdict. */
  readonly leftOut: number
}

/** How many cases ended how. */
export interface ReportCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The cases of one area of the contract together. */
export interface ReportArea extends ReportCounts {
  readonly area: string
  /** Sum of the cases' times. */
  readonly ms: number
}

/** One case. */
export interface ReportCase {
  /** Stable from version to version. */
  readonly id: string
  readonly area: string
  /** The rule it proves, as a sentence. */
  readonly title: string
  readonly status: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped. */
  readonly reason?: string | undefined
  /** Skipped because whoever ran the suite knew that the storage cannot do it: the option `skip`. */
  readonly limit?: true | undefined
  /** Why it failed: the message, without a stack. */
  readonly error?: string | undefined
  readonly ms: number
}
