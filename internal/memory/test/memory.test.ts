// The small form: `node internal/long-runs/memory.mjs` does the same with 20 GiB.
import { measure } from '../src/measure.ts'
import { DRIVERS, type Driver, placeFor } from '../src/places.ts'

const MIB = 1024 * 1024
const COUNT = 64

/** Data in all: enough that each writer fills what it may hold, and more. */
const TOTAL: Readonly<Record<Driver, number>> = {
  inmemory: 2048 * MIB,
  fs: 1024 * MIB,
  s3: 1280 * MIB,
  azure: 256 * MIB,
  gcs: 256 * MIB,
}

for (const driver of DRIVERS) {
  const server = driver === 's3' ? 'versitygw' : undefined
  const place = await placeFor(driver, { small: true, server })
  if (place === undefined) {
    it.skip(`${driver} (skipped: no server for it runs here, see "test servers")`, () => {})
    continue
  }
  it(`${COUNT} writers and ${COUNT} readers of ${place.what} hold no more than the contract allows`, async () => {
    try {
      const { held, limit } = await measure(place, COUNT, TOTAL[driver])
      expect(held).toBeLessThanOrEqual(limit)
    } finally {
      await place.remove()
    }
  })
}
