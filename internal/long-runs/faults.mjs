// The whole fault suite of a driver: every operation through every fault, abort and kill at each of its requests. Minutes to
// an hour: node internal/long-runs/faults.mjs --driver s3|azure|gcs [--server NAME] [--seed N] [--only POINT] [--skip OPERATION,...]
import { parseArgs } from 'node:util'
import { openDriver, runAgain } from './drivers.mjs'

function tell(start, { operation, requests, points, outcomes, failures, skipped }) {
  const { done, failed, killed } = outcomes
  const counts = `${points} points: ${done} done, ${failed} failed, ${killed} killed as they may`
  const seconds = Math.round((Date.now() - start) / 1000)
  console.log(`${seconds} s  ${operation}  ${skipped ?? `${requests} requests, ${counts}`}`)
  for (const { point, error } of failures) console.log(`  - ${point}\n      ${error.message}`)
}

async function main({ driver, server, seed, only, skip, concurrency }) {
  const { runFaults } = await import('../../packages/testsuite/src/index.ts')
  const { options, end } = await openDriver(driver, server)
  const start = Date.now()
  const whole = {
    ...options,
    size: 'full',
    concurrency: Number(concurrency),
    skip: Object.fromEntries(skip.split(',').map((operation) => [operation, 'left out'])),
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(only !== undefined && { only }),
  }
  try {
    const { operations, seed: used } = await runFaults(whole, (report) => tell(start, report))
    const failures = operations.reduce((sum, one) => sum + one.failures.length, 0)
    const points = operations.reduce((sum, one) => sum + one.points, 0)
    console.log(`${options.name}: ${failures} of ${points} points failed (seed ${used})`)
    if (failures > 0) process.exitCode = 1
  } finally {
    await end()
  }
}

if (!runAgain(import.meta.filename)) {
  const { values } = parseArgs({
    options: {
      driver: { type: 'string', default: 's3' },
      server: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      skip: { type: 'string', default: '' },
      concurrency: { type: 'string', default: '10' },
    },
  })
  await main(values)
}
