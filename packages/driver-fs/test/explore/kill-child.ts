import { writeSync } from 'node:fs'
import { toStorageDriver } from '@stowage/core/driver'
import { FsDriver } from '../../src/driver.ts'
import { nodeFileSystem } from '../../src/node-file-system.ts'
import { parse } from '../../src/parameters.ts'
import { killing } from './kill-at.ts'
import type { KillJob } from './kills.ts'
import { SABOTEURS } from './saboteurs.ts'
import { scenario } from './scenarios.ts'
import { mounted } from './wrap.ts'

/** Carries out a scenario, says after each step that it has succeeded, and is killed at a call. */
const job = JSON.parse(process.argv[2] ?? '') as KillJob
const { steps, mounted: hasMount } = scenario(job.scenario)
let system = killing(nodeFileSystem, job.at, job.part)
if (job.saboteur) system = SABOTEURS[job.saboteur](system)
if (hasMount) system = mounted(system, job.root)
const settings = parse({ rootDirectory: job.root, durability: 'none', chunkSize: 16_384 })
const storage = toStorageDriver(new FsDriver(settings, { system }))
for (const step of steps()) {
  await step.run(storage)
  writeSync(1, '.')
}
