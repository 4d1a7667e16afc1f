import { dirname } from 'node:path'
import { patient } from '@stowage-internal/jest-preset/patience'
import { FULL, SEED } from '@stowage-internal/jest-preset/sample'
import { nodeFileSystem } from '../src/node-file-system.ts'
import { DiskLog } from './explore/disk-log.ts'
import { playground } from './explore/kills.ts'
import { durable, losePower, PowerLoss } from './explore/power.ts'
import { NEW, SCENARIOS } from './explore/scenarios.ts'

const TIMEOUT = patient(FULL ? 3_000_000 : 300_000)

describe(`a machine that stops, with any part of what was not flushed lost (seed ${SEED})`, () => {
  for (const scenario of SCENARIOS) {
    it(
      `${scenario.name}: what had succeeded is there, what was under way is old or new`,
      async () => {
        expect(await losePower(scenario)).toBeGreaterThan(0)
      },
      TIMEOUT,
    )
  }
})

describe(`the same with the durability "file" (seed ${SEED})`, () => {
  for (const scenario of SCENARIOS.filter(({ during }) => during === undefined)) {
    it(
      `${scenario.name}: it may be undone, and is never torn`,
      async () => {
        expect(await losePower(scenario, { durability: 'file' })).toBeGreaterThan(0)
      },
      TIMEOUT,
    )
  }
})

it('a put is there with its directories, also those that a dead process had not flushed', async () => {
  const { root, remove } = playground()
  try {
    const log = new DiskLog(dirname(root), nodeFileSystem)
    // What never flushes names is like a process that was killed before it could.
    await durable(root, log.system, 'file').putContent('/new/deep/first', NEW)
    await durable(root, log.system).putContent('/new/deep/second', NEW)
    log.done()
    for (const { done, disk, fates } of new PowerLoss(log, true).states()) {
      const node = disk.nodes.get(disk.at('root/new/deep/second') ?? -1)
      const isThere = node?.kind === 'file' && node.bytes.equals(NEW)
      expect([done, fates, isThere || done === 0]).toEqual([done, fates, true])
    }
  } finally {
    remove()
  }
})
