// Mixed work of several workers through a bad network, with a look at memory and handles in between:
// node internal/long-runs/soak.mjs [--minutes 10] [--driver fs|s3|azure|gcs] [--server NAME] [--seed N]
import { parseArgs } from 'node:util'
import { DRIVERS, openDriver, runAgain } from './drivers.mjs'

const MIB = 2 ** 20

function line({ seconds, operations, failed, rss, heap, buffers, handles, files }) {
  const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`
  return [
    `${String(seconds).padStart(5)} s`,
    `${operations} operations, ${failed} failed as they may`,
    `rss ${mib(rss)}, heap ${mib(heap)}, buffers ${mib(buffers)}`,
    `${handles} handles, ${files} files`,
  ].join('  ')
}

async function soak(name, { minutes, server, seed }) {
  const { runSoak } = await import('../../packages/testsuite/src/index.ts')
  const { options, end } = await openDriver(name, server, { apart: true })
  try {
    const report = await runSoak({
      ...options,
      upstream:
        typeof options.upstream === 'function' ? await options.upstream() : options.upstream,
      seconds: Number(minutes) * 60,
      samples: Math.max(12, Math.round(Number(minutes) * 4)),
      seed: seed === undefined ? undefined : Number(seed),
      onSample: (sample) => console.log(`${name} ${line(sample)}`),
    })
    const flat = report.growth.length === 0
    console.log(
      `${report.name}: ${flat ? 'flat' : `grows: ${report.growth.join('; ')}`} (seed ${report.seed})`,
    )
    return flat
  } finally {
    await end()
  }
}

if (!runAgain(import.meta.filename)) {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      driver: { type: 'string' },
      server: { type: 'string' },
      seed: { type: 'string' },
    },
  })
  for (const name of values.driver ? [values.driver] : DRIVERS) {
    if (!(await soak(name, values))) process.exitCode = 1
  }
}
