// Names the skipped tests and closes with the plain line that people and CI read:
//   N passed, N failed, N skipped
// A test file that crashed counts as one failed test. scripts/jest.mjs asks through STOWAGE_TEST_SUMMARY for
// the result as a file instead, to print it after jest has really ended.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

export const closingLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

export default class {
  #globalConfig

  constructor(globalConfig) {
    this.#globalConfig = globalConfig
  }

  onRunComplete(_contexts, results) {
    const filtered = Boolean(this.#globalConfig.testNamePattern)
    const summary = {
      passed: results.numPassedTests,
      failed:
        results.numFailedTests + results.numRuntimeErrorTestSuites + (results.runExecError ? 1 : 0),
      skipped: results.numPendingTests + results.numTodoTests,
      // With a name filter "skipped" is everything else, not worth a list.
      names: filtered ? [] : skippedNames(results, this.#globalConfig.rootDir),
    }
    const file = process.env.STOWAGE_TEST_SUMMARY
    if (file) writeFileSync(file, JSON.stringify(summary))
    else report(summary)
  }
}

/** Prints the names of skipped tests, checks that .ci/run saw fail before, and, last, the closing line. */
export function report(summary) {
  const checks = process.env.STOWAGE_FAILED_CHECKS
  if (checks) console.log(`checks FAILED before the tests (see above): ${checks}`)
  // Only .ci/run sets it, to nothing where all checks have passed.
  if (checks !== undefined && process.env.STOWAGE_SUITE_SIZE !== 'full') {
    console.log(
      'samples only: saboteurs, faults, crashes, kills; STOWAGE_SUITE_SIZE=full tries all (CONTRIBUTING.md)',
    )
  }
  for (const name of summary.names) console.log(`skipped: ${name}`)
  console.log(closingLine(summary))
}

function skippedNames(results, rootDir) {
  return results.testResults.flatMap((file) =>
    file.testResults
      .filter(({ status }) => ['pending', 'todo', 'disabled'].includes(status))
      .map(({ fullName }) => `${relative(rootDir, file.testFilePath)}: ${fullName}`),
  )
}
