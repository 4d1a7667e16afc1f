// The jest settings shared by every package. A package's jest.config.mjs is
//   import { project } from '@stowage-internal/jest-preset'
//   export default project(import.meta.url)
// and may spread further project options over the result.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { TEST_MS } from './patience.mjs'

const here = (file) => fileURLToPath(new URL(file, import.meta.url))

/** The jest project of the package whose jest.config.mjs has this URL. */
export function project(configUrl) {
  const { name } = JSON.parse(readFileSync(new URL('./package.json', configUrl), 'utf8'))
  return {
    displayName: name,
    rootDir: fileURLToPath(new URL('.', configUrl)),
    testEnvironment: here('./jest.env.mjs'),
    // Our packages are loaded from their sources: no build is needed, and there is one copy of each.
    testEnvironmentOptions: { customExportConditions: ['@stowage/source', 'node', 'node-addons'] },
    extensionsToTreatAsEsm: ['.ts'],
    testMatch: ['<rootDir>/test/**/*.test.ts'],
    transform: { '^.+\\.ts$': here('./jest.strip.mjs') },
    modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
    collectCoverageFrom: ['<rootDir>/src/**/*.ts'],
    testTimeout: TEST_MS,
  }
}

/** Settings of a whole run; they belong to the root configuration only. */
export const run = {
  coverageProvider: 'v8',
  // Tests of drivers wait for servers more than half of the time: two workers for a core, up to what memory allows.
  maxWorkers: Math.min(8, 2 * availableParallelism()),
  testSequencer: here('./jest.sequencer.mjs'),
  testTimeout: TEST_MS,
}
