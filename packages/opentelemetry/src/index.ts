export type { StowageInstrumentationConfig } from './config.ts'
export { StowageInstrumentation } from './instrumentation.ts'
