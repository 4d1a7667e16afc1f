// node internal/long-runs/memory.mjs [--gib 20] [--driver fs] [--server ceph] [--count 64]
import { parseArgs } from 'node:util'
import { measure, told } from './measure.ts'
import { DRIVERS, type Driver, placeFor } from './places.ts'

const GIB = 1024 ** 3

const { values } = parseArgs({
  options: {
    gib: { type: 'string', default: '20' },
    count: { type: 'string', default: '64' },
    driver: { type: 'string', multiple: true },
    server: { type: 'string' },
  },
})

for (const driver of (values.driver ?? DRIVERS) as readonly Driver[]) {
  const place = await placeFor(driver, { small: false, server: values.server })
  if (place === undefined) {
    console.log(`${driver}: NOT RUN, no server for it is on this machine`)
    continue
  }
  try {
    const result = await measure(place, Number(values.count), Number(values.gib) * GIB)
    console.log(told(result))
    if (result.held > result.limit) {
      console.log('  TOO MUCH')
      process.exitCode = 1
    }
  } finally {
    await place.remove()
  }
}
