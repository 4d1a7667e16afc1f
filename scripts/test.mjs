// What `npm test` runs: install, build, type-check sources and tests, then one jest run. Further arguments go to jest.
// The last line is always `N passed, N failed, N skipped`.
import { report } from '../internal/jest-preset/jest.reporter.mjs'
import { runJest } from './jest.mjs'
import { setup, tool } from './setup.mjs'

/** What failed before any test could run counts as one failure. */
const onFailure = (code) => {
  report({ passed: 0, failed: 1, skipped: 0, names: [] })
  process.exit(code)
}

setup({ onFailure })
tool('node', ['scripts/sync-references.mjs', '--check'], { onFailure })
tool('tsc', ['-b'], { onFailure })
process.exitCode = await runJest(process.argv.slice(2))
