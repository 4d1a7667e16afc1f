// jest's `globalSetup` for projects whose tests need gcs servers; jest/teardown.mjs is its `globalTeardown`.
import { startShared } from '../src/index.ts'

export default () => startShared(['gcs'])
