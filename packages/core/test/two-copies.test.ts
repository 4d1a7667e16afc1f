import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as apps from '@stowage/core'
import * as authors from '@stowage/core/driver'
import * as middleware from '@stowage/core/middleware'
import { Memory } from './helpers/memory.ts'
import { failure } from './helpers/util.ts'

let folder: string
const here = { ...apps, ...authors, ...middleware }
let other: typeof here

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-copy-'))
  await cp(join(import.meta.dirname, '../src'), folder, { recursive: true })
  other = {
    ...(await import(join(folder, 'index.ts'))),
    ...(await import(join(folder, 'driver.ts'))),
    ...(await import(join(folder, 'middleware.ts'))),
  }
})

afterAll(() => rm(folder, { recursive: true }))

it('is another copy', () => {
  expect(other.toStorageDriver).not.toBe(here.toStorageDriver)
  expect(new other.PathNotFoundError('/a')).not.toBeInstanceOf(here.StorageError)
})

it('knows the errors of the other copy', () => {
  expect(here.isStorageError(new other.PathNotFoundError('/a'), 'PATH_NOT_FOUND')).toBe(true)
  expect(other.isStorageError(new here.ConfigError('x'), 'CONFIG')).toBe(true)
})

it('makes a driver that was registered with the other copy', async () => {
  other.register('shared', () => new Memory())
  expect(here.registeredDrivers()).toEqual(['shared'])
  const driver = await here.create('shared', {})
  await driver.putContent('/a', 'x')
  expect(() => here.register('shared', () => new Memory())).toThrow(/already registered/)
})

it('stamps an error that a driver made with the other copy', async () => {
  class Failing extends Memory {
    override async getContent(): Promise<Uint8Array> {
      throw new other.PermissionError('no')
    }
  }
  const error = await failure(here.toStorageDriver(new Failing()).getContent('/a'))
  expect(error.message).toBe('memory: no')
  expect(error.code).toBe('PERMISSION_DENIED')
})

it('applies middleware that was registered with the other copy, and its own', async () => {
  other.registerMiddleware('shared', (inner) => other.forwardingDriver(inner, { name: 'wrapped' }))
  const driver = await here.applyMiddleware(here.toStorageDriver(new Memory()), [
    { name: 'shared' },
    { name: 'regulator', options: { maxConcurrency: 1 } },
  ])
  expect(driver.name).toBe('wrapped')
  expect(() => here.registerMiddleware('shared', (inner) => inner)).toThrow(
    'name already registered: shared',
  )
})
