import {
  ConfigError,
  create,
  driverPackage,
  PathNotFoundError,
  registeredDrivers,
} from '@stowage/core'
import { INTERFACE_VERSION, register, toStorageDriver } from '@stowage/core/driver'
import { versionProblem } from '../src/version.ts'
import { Memory } from './helpers/memory.ts'
import { failure } from './helpers/util.ts'

const table = (globalThis as unknown as Record<symbol, Map<string, Record<string, unknown>>>)[
  Symbol.for('@stowage/core/drivers')
]

afterEach(() => table?.clear())

describe('create', () => {
  it('adds the checks of core to what the factory gives, now or later', async () => {
    register('now', () => new Memory())
    register('later', async () => new Memory())
    for (const name of ['now', 'later']) {
      const driver = await create(name, {})
      await driver.putContent('/a', 'x')
      expect((await driver.stat('/a')).size).toBe(1)
      expect((await failure(driver.stat('a'))).code).toBe('INVALID_PATH')
    }
  })

  it('gives the factory a map although it got null or nothing', async () => {
    const seen: unknown[] = []
    register('seen', (parameters) => {
      seen.push(parameters)
      return new Memory()
    })
    await create('seen', null as never)
    await create('seen')
    await create('seen', { a: 1 })
    expect(seen).toEqual([{}, {}, { a: 1 }])
  })

  it.each([
    ['fs', 'npm install @stowage/driver-fs, then import'],
    ['s3aws', 'npm install @stowage/driver-s3, then import'],
    ['acme', 'npm install stowage-driver-acme, then import'],
    ['constructor', 'npm install stowage-driver-constructor, then import'],
    ['file', 'did you mean fs?'],
    ['gs', 'did you mean gcs?'],
    ['az', 'did you mean azure?'],
    ['s3a', 'did you mean s3?'],
    ['', 'a driver has a name'],
    ['FS', 'a driver has a name'],
  ])('names the package of the unknown driver %j', async (name, hint) => {
    const error = await failure(create(name))
    expect(error).toMatchObject({ code: 'UNKNOWN_DRIVER', driverName: name })
    expect(error.message).toContain(`StorageDriver not registered: ${name} (${hint}`)
  })

  it('names what is registered', async () => {
    register('zeta', () => new Memory())
    register('alpha', () => new Memory())
    expect((await failure(create('acme'))).message).toContain('registered now: alpha, zeta')
    expect(registeredDrivers()).toEqual(['alpha', 'zeta'])
  })

  it('calls the driver by the name that its user wrote, also where the factory calls it otherwise', async () => {
    const factory = (): Memory => new Memory()
    register('short', factory)
    register('long', factory)
    for (const name of ['short', 'long']) {
      const driver = await create(name)
      expect(driver.name).toBe(name)
      expect((await failure(driver.stat('/none'))).message).toBe(`${name}: Path not found: /none`)
    }
    register('other', () => {
      throw new ConfigError('no', { driver: 'long' })
    })
    expect(await failure(create('other'))).toMatchObject({ driver: 'other', message: 'other: no' })
  })

  it('puts the driver name on the factory errors that have none', async () => {
    register('failing', () => {
      throw new PathNotFoundError('/root')
    })
    expect((await failure(create('failing'))).message).toBe('failing: Path not found: /root')
  })
})

describe('register', () => {
  it('takes the same factory again and no other', () => {
    const factory = () => new Memory()
    register('one', factory)
    register('one', factory)
    expect(() => register('one', () => new Memory())).toThrow(
      /^StorageDriverFactory named one already registered/,
    )
  })

  it('refuses what is no factory', () => {
    expect(() => register('nil', undefined as never)).toThrow(
      'Must not provide nil StorageDriverFactory',
    )
    expect(registeredDrivers()).toEqual([])
  })
})

describe('the interface version', () => {
  it.each([
    ['0.1', '0.1', undefined],
    ['0.2', '0.1', undefined],
    ['0.10', '0.9', undefined],
    ['1.0', '0.1', /update @stowage\/core/],
    ['0.1', '0.2', /update the driver's package/],
    ['0.9', '1.0', /update the driver's package/],
    ['', '0.1', /update the driver's package/],
    ['x.y', '0.0', undefined],
  ])('of a driver %s against a core %s', (theirs, ours, problem) => {
    const found = versionProblem(theirs, ours)
    if (problem === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(problem)
  })

  it('is checked when a driver is made', async () => {
    register('newer', () => new Memory())
    expect(table?.get('newer')?.interfaceVersion).toBe(INTERFACE_VERSION)
    table?.set('newer', { ...table.get('newer'), interfaceVersion: '7.0' })
    const error = await failure(create('newer'))
    expect(error.code).toBe('CONFIG')
    expect(error.message).toContain('newer: the driver was built for interface version 7.0')
  })
})

it('knows the packages of this project', () => {
  expect(driverPackage('filesystem')).toBe('@stowage/driver-fs')
  expect(driverPackage('acme')).toBe('stowage-driver-acme')
})

it('fills in the capabilities that a driver leaves out', () => {
  const { capabilities } = toStorageDriver(new Memory({ append: true }))
  expect(capabilities).toMatchObject({ append: true, persistent: false, redirectURL: false })
  expect(Object.isFrozen(capabilities)).toBe(true)
})
