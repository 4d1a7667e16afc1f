import { type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { Memory, storage } from './helpers/memory.ts'
import { collect, failure, gate, settle } from './helpers/util.ts'

const CALLS: [string, (driver: StorageDriver) => unknown][] = [
  ['getContent', (d) => d.getContent('/a')],
  ['putContent', (d) => d.putContent('/a', 'new')],
  ['reader', (d) => d.reader('/a')],
  ['writer', (d) => d.writer('/a')],
  ['writer that appends', (d) => d.writer('/a', { append: true })],
  ['stat', (d) => d.stat('/a')],
  ['stat of the root', (d) => d.stat('/')],
  ['list', (d) => collect(d.list('/'))],
  ['walk', (d) => collect(d.walk('/'))],
  ['move', (d) => d.move('/a', '/b')],
  ['move onto itself', (d) => d.move('/a', '/a')],
  ['delete', (d) => d.delete('/a')],
  ['redirectURL', (d) => d.redirectURL('/a')],
  ['purgeUploads', (d) => d.purgeUploads('/')],
  ['locate', (d) => d.locate?.('/a')],
  ['bucketKey', async (d) => d.bucketKey?.('/a')],
]

it.each(CALLS)('refuses %s after close, and does nothing', async (_, call) => {
  const { memory, driver } = storage()
  memory.files.set('/a', Buffer.from('old'))
  void driver.close()
  const error = await failure(call(driver) as Promise<unknown>)
  expect(error).toMatchObject({ code: 'CLOSED', driver: 'memory', retryable: false })
  expect(error.message).toBe('memory: the storage is closed: open a new one')
  expect([...memory.files]).toEqual([['/a', Buffer.from('old')]])
  expect(memory.sessions).toEqual([])
})

it('refuses the first step of a list and walk that were made before close', async () => {
  const { driver } = storage()
  const list = driver.list('/')
  const walk = driver.walk('/')
  await driver.close()
  expect(await failure(collect(list))).toMatchObject({ code: 'CLOSED', path: '/' })
  expect(await failure(collect(walk))).toMatchObject({ code: 'CLOSED', path: '/' })
})

it('closes the driver once: a second close, and the end of a scope, wait for the first', async () => {
  const hold = gate()
  let closed = 0
  const memory = Object.assign(new Memory(), {
    close: async () => {
      await hold.opened
      closed++
    },
  })
  const driver = toStorageDriver(memory)
  const order: string[] = []
  const all = [driver.close(), driver.close(), driver[Symbol.asyncDispose]()].map((one, i) =>
    one.then(() => order.push(`${i}: ${closed}`)),
  )
  await settle()
  expect(order).toEqual([])
  hold.open()
  await Promise.all(all)
  await driver.close()
  expect(new Set(order)).toEqual(new Set(['0: 1', '1: 1', '2: 1']))
  expect(closed).toBe(1)
  await toStorageDriver(new Memory()).close()
})

it('a close that has failed is tried again, and every other call stays refused', async () => {
  let fails = true
  const memory = Object.assign(new Memory(), {
    close: async () => {
      if (fails) throw new Error('busy')
    },
  })
  const driver = toStorageDriver(memory)
  expect((await failure(driver.close())).message).toBe('memory: busy')
  expect(await failure(driver.stat('/'))).toMatchObject({ code: 'CLOSED' })
  fails = false
  await driver.close()
})

it('what was open before close goes on', async () => {
  const { memory, driver } = storage()
  memory.files.set('/a', Buffer.from('old'))
  const reader = await driver.reader('/a')
  const writer = await driver.writer('/b')
  await driver.close()
  expect(Buffer.concat((await collect(reader)) as Buffer[]).toString()).toBe('old')
  await writer.write(Buffer.from('new'))
  await writer.commit()
  expect(memory.files.get('/b')).toEqual(Buffer.from('new'))
})
