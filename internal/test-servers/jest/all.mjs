// jest's `globalSetup` for projects whose tests need servers of all kinds; jest/teardown.mjs is its `globalTeardown`.
import { startShared } from '../src/index.ts'

export default () => startShared(['s3', 'azurite', 'gcs'])
