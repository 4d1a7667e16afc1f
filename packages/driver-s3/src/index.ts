import './register.ts'

export type { S3Parameters } from './parameters.ts'
export type { S3Provider } from './providers.ts'
