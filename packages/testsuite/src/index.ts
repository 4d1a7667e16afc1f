export type { Answer, Cut, Fault, Head, Rule, Seen } from './faults/fault.ts'
export type { FaultFailure, FaultOptions, OperationReport } from './faults/options.ts'
export { type FaultProxy, type FaultProxyOptions, startFaultProxy } from './faults/proxy.ts'
export { randomFaults } from './faults/random-faults.ts'
export { type Refusal, refusal, type Vendor } from './faults/refusals.ts'
export { registerFaultSuite } from './faults/register.ts'
export { runSoak, type SoakOptions, type SoakReport, type SoakSample } from './faults/soak.ts'
export { type FaultReport, runFaults } from './faults/suite.ts'
export type { HistoryOptions } from './history/options.ts'
export { registerHistorySuite } from './history/register.ts'
export type { BehindTheDriver, HostileOptions } from './hostile/options.ts'
export { type HostilePath, hostileCorpus, hostilePaths } from './hostile/paths.ts'
export { registerHostileSuite } from './hostile/register.ts'
export type { ModelFailure, ModelOptions, ModelReport } from './model/options.ts'
export { registerModelSuite } from './model/register.ts'
export { runModel } from './model/run.ts'
export type {
  Asked,
  Entry,
  Lock,
  OddDialect,
  Page,
  RequestKind,
  Words,
} from './odd/dialect.ts'
export type { OddAnswersOptions, OddLimits } from './odd/options.ts'
export { registerOddAnswersSuite } from './odd/register.ts'
export type {
  CaseInfo,
  CaseResult,
  ChildOptions,
  RunHooks,
  SuiteOptions,
  SuiteReport,
  SuiteSize,
} from './options.ts'
export { registerSuite } from './register.ts'
export { type Badge, badgeSVG, reportBadge } from './report/badge.ts'
export { reportHTML } from './report/html.ts'
export { conformanceReport, parseReport, type ReportAbout } from './report/make.ts'
export {
  type ConformanceReport,
  REPORT_FORMAT,
  REPORT_VERSION,
  type ReportArea,
  type ReportCase,
  type ReportCounts,
  type ReportDriver,
  type ReportRuntime,
  type ReportServer,
  type ReportSuite,
} from './report/schema.ts'
export { writeReport } from './report/write.ts'
export { runSuite } from './run-suite.ts'
export type { Runner, RunnerIt } from './runner.ts'
export { type EchoServer, startEchoServer } from './secrets/echo-server.ts'
export { registerSecretSuite, type SecretOptions } from './secrets/register.ts'
export { SecretSearch } from './secrets/search.ts'
export { suiteCases } from './suite-cases.ts'
