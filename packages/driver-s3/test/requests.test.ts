// The requests that each operation makes, as the README has them, and those that the original makes for the same
// (spec: what it sends by its source). The order is not looked at: what can go side by side does.
import type { StorageDriver } from '@stowage/core'
import type { S3Parameters } from '@stowage/driver-s3'
import { tableBelow } from '@stowage-internal/test-servers'
import { PART } from './helpers/storages.ts'
import { data, describeOn, oneServer, World } from './helpers/world.ts'

const server = await oneServer('requests')
const onServer = describeOn(server)
const table = new Map(
  tableBelow('## Requests', new URL('../README.md', import.meta.url)).map(
    ([name = '', ours, original, more = '']) => [
      name,
      { ours: Number(ours), original: Number(original), more },
    ],
  ),
)
const tested = new Set<string>()
let world: World
beforeAll(async () => {
  world = await World.open(server)
})
afterAll(() => world.close())

/** As on a store where files and directories are independent: elsewhere the driver looks before it writes. */
function generic(root: string, changes: Partial<S3Parameters> = {}): Promise<StorageDriver> {
  return world.driver(root, { provider: 'generic', ...changes })
}

type Run = (root: string) => Promise<() => Promise<unknown>>

/** Each prepares, and gives what is counted. */
const operations: Record<string, Run> = {
  putContent: async (root) => {
    const driver = await generic(root)
    return () => driver.putContent('/a', 'x')
  },
  getContent: async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a', 'x')
    return () => driver.getContent('/a')
  },
  'reader, whole or from an offset': async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a', 'xyz')
    return async () => {
      for await (const _ of await driver.reader('/a', { offset: 3 }));
    }
  },
  'stat of a file': async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a', 'x')
    return () => driver.stat('/a')
  },
  'stat of a directory': async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a/b', 'x')
    return () => driver.stat('/a')
  },
  'stat of nothing': async (root) => {
    const driver = await generic(root)
    return () => driver.stat('/a').catch(() => {})
  },
  'list, up to 1,000 files beneath': async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a/b', 'x')
    return async () => {
      for await (const _ of driver.list('/a'));
    }
  },
  'walk, per 1,000 files': async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a/b/c', 'x')
    return async () => {
      for await (const _ of driver.walk('/'));
    }
  },
  'move of a file up to the threshold': async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a', 'x')
    return () => driver.move('/a', '/b')
  },
  'move of a file in 3 parts': async (root) => {
    const driver = await generic(root, {
      multipartCopyThresholdSize: PART,
      multipartCopyChunkSize: PART,
    })
    await driver.putContent('/a', data(2 * PART + 1))
    return () => driver.move('/a', '/b')
  },
  'delete, per 1,000 files': async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a/b', 'x')
    await driver.putContent('/a/c', 'x')
    return () => driver.delete('/a')
  },
  'delete of a file': async (root) => {
    const driver = await generic(root)
    await driver.putContent('/a', 'x')
    return () => driver.delete('/a')
  },
  redirectURL: async (root) => {
    const driver = await generic(root)
    return () => driver.redirectURL('/a')
  },
  'writer: open, less than a part, commit': async (root) => {
    const driver = await generic(root)
    return async () => {
      const writer = await driver.writer('/a')
      await writer.write(data(100))
      await writer.commit()
    }
  },
  'writer: open, nothing, commit': async (root) => {
    const driver = await generic(root)
    return async () => (await driver.writer('/a')).commit()
  },
  'writer: open, 3 parts, commit': async (root) => {
    const driver = await generic(root)
    return async () => {
      const writer = await driver.writer('/a')
      await writer.write(data(2 * PART + 1))
      await writer.commit()
    }
  },
  'writer: open, write, cancel': async (root) => {
    const driver = await generic(root)
    return async () => {
      const writer = await driver.writer('/a')
      await writer.write(data(100))
      await writer.cancel()
    }
  },
  'writer: open, nothing, close': async (root) => {
    const driver = await generic(root)
    return async () => (await driver.writer('/a')).close()
  },
  'writer: open, a short tail, close': async (root) => {
    const driver = await generic(root)
    return async () => {
      const writer = await driver.writer('/a')
      await writer.write(data(100))
      await writer.close()
    }
  },
  'writer: open, a whole part, close': async (root) => {
    const driver = await generic(root)
    return async () => {
      const writer = await driver.writer('/a')
      await writer.write(data(PART))
      await writer.close()
    }
  },
  'continue: open, close (a status check)': async (root) => {
    const driver = await left(root, 100)
    return async () => (await driver.writer('/a', { append: true })).close()
  },
  'continue a short tail: open, write, commit': async (root) => {
    const driver = await left(root, 100)
    return async () => {
      const writer = await driver.writer('/a', { append: true })
      await writer.write(data(100))
      await writer.commit()
    }
  },
  'continue a short tail: open, write, close': async (root) => {
    const driver = await left(root, 100)
    return async () => {
      const writer = await driver.writer('/a', { append: true })
      await writer.write(data(100))
      await writer.close()
    }
  },
  'continue whole parts: open, write, commit': async (root) => {
    const driver = await left(root, PART)
    return async () => {
      const writer = await driver.writer('/a', { append: true })
      await writer.write(data(100))
      await writer.commit()
    }
  },
  'continue a short tail: open, commit': async (root) => {
    const driver = await left(root, 100)
    return async () => (await driver.writer('/a', { append: true })).commit()
  },
  'continue whole parts: open, commit': async (root) => {
    const driver = await left(root, PART)
    return async () => (await driver.writer('/a', { append: true })).commit()
  },
  'continue where nothing is': async (root) => {
    const driver = await generic(root)
    return () => driver.writer('/a', { append: true }).catch(() => {})
  },
}

async function left(root: string, size: number) {
  const driver = await generic(root)
  const writer = await driver.writer('/a')
  await writer.write(data(size))
  await writer.close()
  return driver
}

onServer('requests', () => {
  for (const [name, prepare] of Object.entries(operations)) {
    it(`of ${name} are as many as the README says`, async () => {
      const row = table.get(name)
      tested.add(name)
      const run = await prepare(world.root())
      const seen = await world.proxy.during(run)
      expect({ name, seen, count: seen.length }).toEqual({ name, seen, count: row?.ours })
      // More than the original only where the table says what it is for.
      if (row?.more === '') expect(row.ours).toBeLessThanOrEqual(row.original)
    })
  }

  it('are in the table for nothing that is not counted', () => {
    expect([...table.keys()].filter((name) => !tested.has(name))).toEqual([])
  })
})
