import { registerFaultSuite, runSoak } from '@stowage/testsuite'
import { faultOptions } from './helpers/faulty.ts'

const options = await faultOptions()
afterAll(() => options[Symbol.asyncDispose]())

registerFaultSuite(options)

test('mixed work through a bad network loses nothing', async () => {
  const { samples } = await runSoak({ ...options, seconds: 2, samples: 2 })
  expect(samples.at(-1)?.operations).toBeGreaterThan(0)
})
