import './register.ts'

export type { GcsParameters } from './parameters.ts'
