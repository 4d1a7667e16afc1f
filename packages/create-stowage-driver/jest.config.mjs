import { project } from '@stowage-internal/jest-preset'

// Its tests are processes, some of which run the whole suite.
export default { ...project(import.meta.url), testTimeout: 120_000 }
