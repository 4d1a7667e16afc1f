// Mixed work through a bad network, for a moment; the long form is `node internal/long-runs/soak.mjs`.
import { runSoak } from '@stowage/testsuite'
import { faultOptions } from './helpers/faulty.ts'

test('mixed work through a bad network loses nothing', async () => {
  const { samples } = await runSoak({ ...faultOptions, seconds: 2, samples: 2 })
  expect(samples.at(-1)?.operations).toBeGreaterThan(0)
})
