import type { StorageDriver } from '@stowage/core'
import { patient, until } from '@stowage-internal/jest-preset/patience'
import { cutAfter, refused } from './helpers/faults.ts'
import { PART } from './helpers/storages.ts'
import { beforeEachOn, data, describeOn, failure, oneServer, type World } from './helpers/world.ts'

/** After so long without a byte a request is given up; a healthy one takes less on a busy machine too. */
const SHORT_MS = patient(5_000)

// What is over is over: requests end with the call that made them. The store behind the proxy is real.
const server = await oneServer('ended')
const onServer = describeOn(server)
let world: World
let root: string
let driver: StorageDriver
beforeEachOn(server, { maxAttempts: 2 }, (given) => {
  ;({ world, root, driver } = given)
})

onServer('what has failed or was aborted', () => {
  const held = { hold: () => new Promise(() => {}) }

  it.each([
    ['DeleteObject', (signal: AbortSignal) => driver.delete('/a', { signal })],
    ['DeleteObjects', (signal: AbortSignal) => driver.delete('/d', { signal })],
    ['DeleteObject', (signal: AbortSignal) => driver.move('/a', '/b', { signal })],
  ])('ends the request that removes something: %s', async (operation, run) => {
    for (const path of ['/a', '/d/1', '/d/2']) await driver.putContent(path, 'x')
    const stop = new AbortController()
    world.fail(operation, held, 99)
    world.proxy.reset()
    const call = run(stop.signal)
    call.catch(() => {})
    await until(() => world.proxy.operations.includes(operation))
    stop.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    // Its limit is a minute: it has not run out by then.
    await until(() => world.proxy.busy === 0)
  })

  it('does not go on: a delete waits for all that it has begun', async () => {
    await driver.putContent('/a', 'x')
    let pass: (value: unknown) => void = () => {}
    const gate = new Promise((done) => {
      pass = done
    })
    world.proxy.rule = ({ operation }) => {
      if (operation === 'ListMultipartUploads') return refused(500, 'InternalError')
      return operation === 'DeleteObject' ? { hold: () => gate } : undefined
    }
    world.proxy.reset()
    let over = false
    const call = failure(driver.delete('/a')).finally(() => {
      over = true
    })
    const both = ['DeleteObject', 'ListMultipartUploads', 'ListMultipartUploads']
    await until(() =>
      both.every((one, i, all) => {
        const count = (where: readonly string[]): number =>
          where.filter((name) => name === one).length
        return count(world.proxy.operations) >= count(all.slice(0, i + 1))
      }),
    )
    await driver.stat('/a')
    expect(over).toBe(false)
    pass(undefined)
    expect(await call).toBe('UNAVAILABLE')
    expect(await failure(driver.stat('/a'))).toBe('PATH_NOT_FOUND')
  })

  it('gives a completion up after copyTimeout without a byte', async () => {
    const impatient = await world.driver(root, {
      idleTimeout: SHORT_MS,
      copyTimeout: SHORT_MS,
      maxAttempts: 1,
    })
    const writer = await impatient.writer('/a')
    await writer.write(data(PART + 9))
    world.fail('CompleteMultipartUpload', held, 99)
    expect(await failure(writer.commit())).toBe('UNAVAILABLE')
    world.proxy.rule = () => undefined
    await writer.commit()
    expect(Buffer.from(await driver.getContent('/a')).equals(data(PART + 9))).toBe(true)
  })
})

onServer('the kept end of an upload', () => {
  it.each([
    [1, 'none'],
    [99, 'UNAVAILABLE'],
  ])(
    'whose body breaks %i times is read again, or fails as a broken body does',
    async (times, code) => {
      const begun = await driver.writer('/a')
      await begun.write(data(PART + 9))
      await begun.close()
      const writer = await driver.writer('/a', { append: true })
      world.fail('GetObject', cutAfter(4), times)
      expect(await failure(writer.write(Buffer.from('more')))).toBe(code)
      world.proxy.rule = () => undefined
      await writer.close()
      expect((await driver.writer('/a', { append: true })).size).toBe(
        PART + 9 + (code === 'none' ? 4 : 0),
      )
    },
  )
})

onServer('an upload that began late', () => {
  it('is passed over for the one that has the bytes', async () => {
    const impatient = await world.driver(root, { idleTimeout: SHORT_MS, maxAttempts: 2 })
    // The store hears of the first request only after its client has given up and begun another upload.
    world.fail('CreateMultipartUpload', { late: true })
    const writer = await impatient.writer('/a')
    await writer.write(data(PART + 9))
    await writer.close()
    await world.proxy.settled()
    expect(await world.uploads(root)).toEqual(['/a', '/a'])
    expect((await driver.writer('/a', { append: true })).size).toBe(PART + 9)
  })

  it('is not what an empty one is taken for that was closed', async () => {
    const first = await driver.writer('/a')
    await first.write(data(9))
    await first.close()
    await (await driver.writer('/a')).close()
    const next = await driver.writer('/a', { append: true })
    expect(next.size).toBe(0)
    await next.write(Buffer.from('new'))
    await next.commit()
    expect(String(Buffer.from(await driver.getContent('/a')))).toBe('new')
  })
})
