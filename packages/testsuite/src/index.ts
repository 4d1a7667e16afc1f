export type { ModelFailure, ModelOptions, ModelReport } from './model/options.ts'
export { registerModelSuite } from './model/register.ts'
export { runModel } from './model/run.ts'
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
export { runSuite } from './run-suite.ts'
export type { Runner, RunnerIt } from './runner.ts'
export { suiteCases } from './suite-cases.ts'
