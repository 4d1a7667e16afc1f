import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import { toStorageDriver } from '@stowage/core/driver'
import { type Runner, registerSuite, suiteCases } from '@stowage/testsuite'
import { InMemoryDriver } from '../../driver-inmemory/src/index.ts'

interface Registered {
  readonly name: string
  readonly body: (context?: unknown) => Promise<void>
  readonly skipped: boolean
}

/** A runner that only remembers, as vitest's `describe` and `it` are called. */
function fakeRunner(): { runner: Runner; tests: Registered[]; suites: string[]; after: number } {
  const made = { tests: [] as Registered[], suites: [] as string[], after: 0 }
  const add = (skipped: boolean) => (name: string, body: () => Promise<void>) => {
    made.tests.push({ name, body, skipped })
  }
  const describe = (name: string, body: () => void): void => {
    made.suites.push(name)
    body()
  }
  const runner: Runner = {
    describe,
    it: Object.assign(add(false), { skip: add(true) }),
    afterAll: () => {
      made.after++
    },
  }
  return Object.assign(made, { runner })
}

const open = () => toStorageDriver(new InMemoryDriver())

describe('registerSuite', () => {
  it('registers every case with the runner it is given', async () => {
    const made = fakeRunner()
    registerSuite({ name: 'mine', open, runner: made.runner })
    expect(made.tests.length).toBe(suiteCases.length)
    expect(made.suites[0]).toBe('mine keeps the contract')
    expect(made.suites).toContain('writer-states')
    expect(made.after).toBe(1)
    const test = made.tests.find(({ name }) => name.includes('[content-small]'))
    // Jest takes a parameter for a callback.
    expect(test?.body.length).toBe(0)
    await test?.body()
  })

  it('says of a skipped case why it is skipped', () => {
    const made = fakeRunner()
    const skip = { 'content-small': 'the backend is broken' }
    registerSuite({ name: 'mine', open, runner: made.runner, skip })
    const skipped = made.tests.filter((test) => test.skipped).map(({ name }) => name)
    expect(skipped).toContainEqual(expect.stringMatching(/\(skipped: the backend is broken\)$/))
    expect(skipped).toContainEqual(expect.stringMatching(/\(skipped: only in full size\)$/))
    expect(skipped).toContainEqual(expect.stringMatching(/\(skipped: needs the option "child"\)$/))
  })

  it('fails a test whose case fails', async () => {
    const made = fakeRunner()
    const broken = () =>
      toStorageDriver(Object.assign(new InMemoryDriver(), { stat: async () => null }))
    registerSuite({ name: 'mine', open: broken as never, runner: made.runner, seed: 77 })
    const test = made.tests.find(({ name }) => name.includes('[stat-file]'))
    await expect(test?.body()).rejects.toThrow(/STOWAGE_SUITE_SEED=77/)
  })

  it('tells a runner that can skip while it runs that a case does not apply', async () => {
    const made = fakeRunner()
    registerSuite({ name: 'mine', open, runner: made.runner })
    const test = made.tests.find(({ name }) => name.includes('[redirect-get]'))
    const reasons: string[] = []
    await test?.body({ skip: (reason: string) => reasons.push(reason) })
    expect(reasons).toEqual(['the driver does not declare "redirectURL"'])
    await test?.body()
  })

  it('runs under node:test', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        '--conditions=@stowage/source',
        '--disable-warning=ExperimentalWarning',
        '--test-reporter=tap',
        '--test-name-pattern=content',
        new URL('./fixtures/node-test.ts', import.meta.url).pathname,
      ],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined } },
    )
    expect(stdout).toMatch(/ok \d+ - putContent keeps 32 bytes \[content-small\]/)
    expect(stdout).toMatch(/# fail 0/)
    expect(status).toBe(0)
  })
})
