// Which uploads a writer of this process works on: no other one continues them, and no purge removes them.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { StorageDriver } from '@stowage/core'
import { until } from '@stowage-internal/jest-preset/patience'
import { PART } from './helpers/storages.ts'
import { beforeEachOn, data, describeOn, failure, oneServer, type World } from './helpers/world.ts'

const server = await oneServer('held')
const onServer = describeOn(server)
let world: World
let root: string
let driver: StorageDriver
beforeEachOn(server, {}, (given) => {
  ;({ world, root, driver } = given)
})

onServer('an upload that a living writer holds', () => {
  const later = { olderThan: new Date(Date.now() + 9e8) }

  it('is not continued and not purged, by no instance, until the writer has ended', async () => {
    const other = await world.driver(root)
    const writer = await driver.writer('/a')
    await writer.write(data(PART + 9))
    await until(async () => (await world.uploads(root)).length === 1)
    expect(await failure(other.writer('/a', { append: true }))).toBe('PATH_NOT_FOUND')
    expect(await other.purgeUploads('/', { ...later, dryRun: true })).toEqual([])
    expect(await other.purgeUploads('/', later)).toEqual([])
    await writer.close()
    const next = await other.writer('/a', { append: true })
    expect(next.size).toBe(PART + 9)
    expect(await failure(driver.writer('/a', { append: true }))).toBe('PATH_NOT_FOUND')
    expect(await driver.purgeUploads('/', later)).toEqual([])
    await next.cancel()
    expect(await world.uploads(root)).toEqual([])
  })

  it('is passed over for the next older one', async () => {
    for (const size of [10, 20]) {
      const writer = await driver.writer('/a')
      await writer.write(data(size))
      await writer.close()
    }
    const sizes = await Promise.all(
      [1, 2].map(async () => (await driver.writer('/a', { append: true })).size),
    )
    expect(sizes.sort((a, b) => a - b)).toEqual([10, 20])
  })

  it('is known before the store has told its writer the id', async () => {
    let begun = false
    let pass: (value: unknown) => void = () => {}
    const gate = new Promise((done) => {
      pass = done
    })
    world.proxy.rule = ({ operation }) =>
      operation === 'CreateMultipartUpload' ? { holdReply: () => gate } : undefined
    const writer = await driver.writer('/a')
    const writing = writer.write(data(PART + 9)).then(() => {
      begun = true
    })
    await until(async () => (await world.uploads(root)).length === 1)
    world.proxy.reset()
    const appended = failure(driver.writer('/a', { append: true }))
    const purged = driver.purgeUploads('/', later)
    await until(
      () => world.proxy.operations.filter((one) => one === 'ListMultipartUploads').length === 2,
    )
    expect(begun).toBe(false)
    pass(undefined)
    expect([await appended, await purged]).toEqual(['PATH_NOT_FOUND', []])
    await writing
    await writer.commit()
    expect((await driver.stat('/a')).size).toBe(PART + 9)
  })

  it('is idle again where the writer was dropped without an end', async () => {
    const drop = async (): Promise<void> => {
      const writer = await driver.writer('/a')
      await writer.write(data(2 * PART + 9))
      await until(() => world.proxy.operations.includes('UploadPart') && world.proxy.busy === 0)
    }
    world.proxy.reset()
    await drop()
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    await until(async () => {
      gc()
      return (await driver.purgeUploads('/', { ...later, dryRun: true })).length === 1
    })
    expect((await driver.writer('/a', { append: true })).size).toBe(2 * PART)
  })
})
