import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { type Driver, type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { InMemoryDriver } from '../../driver-inmemory/src/index.ts'
import { guarded } from '../src/guard.ts'

function made(change: Partial<Driver> = {}): StorageDriver {
  return toStorageDriver(Object.assign(new InMemoryDriver(), change))
}

describe('a guarded driver', () => {
  it('is the driver in every other respect, also where that is frozen', async () => {
    const inner = Object.freeze(made())
    const { driver } = guarded(inner)
    expect(driver.name).toBe('inmemory')
    expect(driver.capabilities).toBe(inner.capabilities)
    await driver.putContent('/file', 'text')
    expect(Buffer.from(await inner.getContent('/file')).toString()).toBe('text')
    await driver[Symbol.asyncDispose]()
  })

  it('outlives a stream that fails when nobody looks', async () => {
    const failing = new Readable({ read: () => {} })
    const { driver } = guarded(made({ reader: async () => failing }))
    const stream = await driver.reader('/file')
    failing.destroy(new Error('too late'))
    await new Promise((closed) => stream.once('close', closed))
    expect(stream.errored?.message).toMatch(/too late/)
  })

  it('ends the streams and writers that are left open', async () => {
    const { driver, release } = guarded(made())
    await driver.putContent('/file', 'text')
    const stream = await driver.reader('/file')
    const writer = await driver.writer('/other')
    await writer.write(Buffer.from('text'))
    await release()
    expect(stream.destroyed).toBe(true)
    await expect(writer.write(Buffer.from('more'))).rejects.toThrow(/already closed/)
  })

  it('does not mind what fails then', async () => {
    const inner = new InMemoryDriver()
    const broken: Partial<Driver> = {
      writer: async (...args) => {
        const writer = await inner.writer(...args)
        return Object.assign(writer, { close: () => Promise.reject(new Error('broken')) })
      },
    }
    const { driver, release } = guarded(made(broken))
    await driver.writer('/file')
    await expect(release()).resolves.toBeUndefined()
  })
})
