import type { StorageDriver } from '@stowage/core'
import { anyAge, paths } from '../context.ts'

/** A call, or a few, of which the suite knows what they may come to. */
export interface OddOperation {
  readonly id: string
  /** It changes something when it succeeds. */
  readonly changes?: boolean
  /** Where it fails, copies may be left at the new place. */
  readonly partial?: boolean
  act(driver: StorageDriver): Promise<unknown>
}

/** Bytes of each file of the storage. */
const SIZE = 1000

/** The files of the storage, and what they hold. */
export const FILES: Readonly<Record<string, Buffer>> = Object.fromEntries(
  ['/dir/1', '/dir/sub/2', '/file', '/keep'].map((path) => [
    path,
    Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 7 + path.length * 31) & 0xff)),
  ]),
)

async function bytes(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await paths(stream))
}

/** Reads a file from its hundredth byte on. */
export const OFFSET = 100

export const operations: readonly OddOperation[] = [
  { id: 'stat', act: (driver) => driver.stat('/file') },
  { id: 'stat of a directory', act: (driver) => driver.stat('/dir') },
  { id: 'getContent', act: (driver) => driver.getContent('/file') },
  {
    id: 'reader',
    act: async (driver) => bytes(await driver.reader('/file', { offset: OFFSET })),
  },
  { id: 'list', act: (driver) => paths(driver.list('/dir')) },
  { id: 'list of the root', act: (driver) => paths(driver.list('/')) },
  { id: 'walk', act: (driver) => paths(driver.walk('/')) },
  { id: 'putContent', changes: true, act: (driver) => driver.putContent('/new', 'new') },
  {
    id: 'writer',
    changes: true,
    async act(driver) {
      const writer = await driver.writer('/new')
      try {
        await writer.write(Buffer.from('new'))
        await writer.commit()
      } catch (error) {
        await writer.cancel().catch(() => {})
        throw error
      }
    },
  },
  { id: 'move', changes: true, act: (driver) => driver.move('/file', '/new') },
  {
    id: 'move of a directory',
    changes: true,
    partial: true,
    act: (driver) => driver.move('/dir', '/new'),
  },
  { id: 'delete', changes: true, act: (driver) => driver.delete('/file') },
  { id: 'delete of a directory', changes: true, act: (driver) => driver.delete('/dir') },
  {
    id: 'purgeUploads',
    changes: true,
    act: (driver) => driver.purgeUploads('/', { olderThan: anyAge() }),
  },
]

export function operation(id: string): OddOperation {
  const found = operations.find((one) => one.id === id)
  if (found === undefined) throw new TypeError(`there is no operation ${id}`)
  return found
}
