// jest's `globalSetup` for projects whose tests need s3 servers; jest/teardown.mjs is its `globalTeardown`.
import { startShared } from '../src/index.ts'

export default () => startShared(['s3'])
