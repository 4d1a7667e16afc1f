// Configurations of the Go registry.
export { createFromConfig, type FromConfigOptions } from './config/create-from-config.ts'
