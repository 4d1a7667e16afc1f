// Middleware: what can be put around a driver.
export { forwardingDriver } from './middleware/forwarding-driver.ts'
export type { RedirectMiddlewareOptions } from './middleware/redirect.ts'
export {
  applyMiddleware,
  type Middleware,
  type MiddlewareEntries,
  type MiddlewareEntry,
  type MiddlewareOptions,
  type MiddlewareOptionsOf,
  registeredMiddleware,
  registerMiddleware,
} from './middleware/registry.ts'
export type { RegulatorOptions } from './middleware/regulator.ts'
export type { RewriteOptions } from './middleware/rewrite.ts'
