import { project } from '@stowage-internal/jest-preset'

// In full size, gigabytes go through the server: it keeps them on disk then.
const full = process.env.STOWAGE_SUITE_SIZE === 'full'

export default {
  ...project(import.meta.url),
  globalSetup: full
    ? '<rootDir>/test/helpers/disk-setup.mjs'
    : '@stowage-internal/test-servers/jest/azurite',
  globalTeardown: full
    ? '<rootDir>/test/helpers/disk-teardown.mjs'
    : '@stowage-internal/test-servers/jest/teardown',
}
