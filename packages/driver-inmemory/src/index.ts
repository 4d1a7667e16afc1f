import './register.ts'

export { InMemoryDriver } from './driver.ts'
export type { InMemoryParameters } from './parameters.ts'
