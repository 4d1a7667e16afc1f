import './register.ts'

export type { TokenCredential } from './connection.ts'
export { AzureDriver } from './driver.ts'
export {
  type AzureCredentials,
  type AzureParameters,
  type AzureSettings,
  parse,
} from './parameters.ts'
