import { project } from '@stowage-internal/jest-preset'

export default {
  ...project(import.meta.url),
  globalSetup: '@stowage-internal/test-servers/jest/all',
  globalTeardown: '@stowage-internal/test-servers/jest/teardown',
}
