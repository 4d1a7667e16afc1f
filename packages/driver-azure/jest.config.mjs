import { project } from '@stowage-internal/jest-preset'

export default {
  ...project(import.meta.url),
  globalSetup: '@stowage-internal/test-servers/jest/azurite',
  globalTeardown: '@stowage-internal/test-servers/jest/teardown',
}
