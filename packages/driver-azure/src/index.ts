import './register.ts'

export type { TokenCredential } from './connection.ts'
export type { AzureCredentials, AzureParameters } from './parameters.ts'
