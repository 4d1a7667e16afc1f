// The proof of the fault suite: it passes a healthy driver, and finds each one that only a fault shows to be broken.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { registerFaultSuite, runFaults } from '@stowage/testsuite'
import { stopLeaks } from '../src/delegate.ts'
import { faultOptions } from '../src/faults/options.ts'
import { faultSaboteurs } from '../src/faults/saboteurs.ts'
import { ObjectStore } from '../src/faults/store.ts'

const MAIN = fileURLToPath(new URL('../src/faults/main.ts', import.meta.url))
const FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']
/** jest itself fails a test for it. */
const ELSEWHERE = 'unhandled'

const store = await ObjectStore.start()
afterAll(() => {
  stopLeaks()
  return store.stop()
})

registerFaultSuite(faultOptions(store))

describe('the fault suite', () => {
  const here = faultSaboteurs.filter(({ id }) => id !== ELSEWHERE)
  it.each(here)('finds $id: $breaks', async (saboteur) => {
    const options = faultOptions(store, saboteur)
    const { operations } = await runFaults({ ...options, size: 'full', only: saboteur.found })
    const tried = operations.reduce((sum, { points }) => sum + points, 0)
    const failures = operations.flatMap((one) => one.failures)
    expect({ tried: tried > 0, found: failures.length > 0 }).toEqual({ tried: true, found: true })
    // Without a fault nothing is to be noticed: the operation itself works.
    expect(failures.filter(({ point }) => point.endsWith('without a fault'))).toEqual([])
  })

  it('finds a rejection that nobody handles', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, MAIN, ELSEWHERE])
    expect(stdout).toMatch(/^stat: an unhandled rejection$/m)
  })
})
