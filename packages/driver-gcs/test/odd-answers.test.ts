// Refusals whose status says something else than it seems to. The server is a fake of ours: what it says here was reported of
// real services, and of what stands between them and their users.
import type { StorageDriver } from '@stowage/core'
import type { Script } from './fake/server.ts'
import { always, CALLS, error } from './helpers/answers.ts'
import { data } from './helpers/data.ts'
import { CHUNK } from './helpers/storages.ts'
import { newWorld, type World } from './helpers/world.ts'

let world: World
let driver: StorageDriver

beforeEach(async () => {
  world = await newWorld({ maxRetries: 0 })
  driver = world.driver
})

afterEach(() => world[Symbol.asyncDispose]())

describe('"not found" that is not of the service', () => {
  it.each(Object.entries(CALLS))(
    'is a wrong endpoint, not an empty storage: %s',
    async (_, call) => {
      for (const [body, type] of [
        ['<html><h1>404 Not Found</h1>nginx</html>', 'text/html'],
        ['', 'text/plain'],
        ['{"message":"no route"}', 'application/json'],
        ['null', 'application/json'],
      ] as const) {
        world.fake.script = always(404, body, type)
        await expect(call(driver)).rejects.toMatchObject({ code: 'CONFIG' })
      }
    },
  )

  it.each(Object.entries(CALLS))('is a missing bucket, whatever its words: %s', async (_, call) => {
    // A server that has the same words for all that is not there.
    world.fake.script = ({ query, reply }) => {
      reply.writeHead(404, { 'content-type': 'application/json' })
      reply.end(
        query.has('alt') ? 'Not Found' : JSON.stringify(error(404, 'notFound', 'Not Found')),
      )
      return true
    }
    await expect(call(driver)).rejects.toMatchObject({ code: 'CONFIG' })
  })

  it('is a missing file where the bucket is there, also in words of any kind', async () => {
    world.fake.script = ({ path, query, reply }) => {
      if (path.endsWith('/o')) return false
      const body = JSON.stringify(error(404, 'notFound', 'the bucket does not exist'))
      reply.writeHead(404).end(query.has('alt') ? 'the bucket does not exist' : body)
      return true
    }
    for (const call of [CALLS.getContent, CALLS.stat, CALLS.delete, CALLS.move]) {
      await expect(call?.(driver)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    }
  })

  it('ends no upload, which goes on once the service answers', async () => {
    const writer = await driver.writer('/file')
    await writer.write(data(CHUNK + 10))
    world.fake.script = always(404, '<html>nowhere</html>', 'text/html')
    await expect(writer.commit()).rejects.toMatchObject({ code: 'CONFIG' })
    world.fake.script = undefined
    await writer.commit()
    expect((await driver.stat('/file')).size).toBe(CHUNK + 10)
  })
})

describe('412 for a rule that is not ours', () => {
  const constraint = error(
    412,
    'conditionNotMet',
    "Constraint constraints/gcp.restrictNonCmekServices violated for 'projects/p'",
  )
  const writes = ({ method, path }: { method: string; path: string }): boolean =>
    method === 'DELETE' || path.startsWith('/upload/') || path.includes('/rewriteTo/')
  const refuseWrites: Script = (exchange, server) =>
    writes(exchange) ? always(412, constraint)(exchange, server) : false

  it.each([0, 10, CHUNK + 10])(
    'is PermissionError, and a commit of %d bytes can be repeated',
    async (size) => {
      const writer = await driver.writer('/file')
      await writer.write(data(size))
      world.fake.script = refuseWrites
      await expect(writer.commit()).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('restrictNonCmekServices'),
      })
      world.fake.script = undefined
      await writer.commit()
      expect((await driver.stat('/file')).size).toBe(size)
    },
  )

  it('is no upload that is gone, where one is closed, continued or begun', async () => {
    const writer = await driver.writer('/file')
    await writer.write(data(10))
    world.fake.script = refuseWrites
    const denied = { code: 'PERMISSION_DENIED' }
    await expect(writer.close()).rejects.toMatchObject(denied)
    await expect(driver.putContent('/big', data(2 * CHUNK))).rejects.toMatchObject(denied)
    await expect(driver.putContent('/small', 'x')).rejects.toMatchObject(denied)
    world.fake.script = undefined
    await writer.close()
    world.fake.script = refuseWrites
    await expect(driver.writer('/file', { append: true })).rejects.toMatchObject(denied)
    world.fake.script = undefined
    expect((await driver.writer('/file', { append: true })).size).toBe(10)
  })

  it('keeps what is deleted and moved, and says so', async () => {
    for (const name of ['a', 'b']) await driver.putContent(`/dir/${name}`, name)
    world.fake.script = refuseWrites
    await expect(driver.delete('/dir')).rejects.toMatchObject({
      code: 'MULTIPLE',
      errors: Array(3).fill(expect.objectContaining({ code: 'PERMISSION_DENIED' })),
    })
    await expect(driver.move('/dir', '/to')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(driver.move('/dir/a', '/to')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(world.names()).toEqual(['dir/a', 'dir/b'])
  })

  it.each([
    [403, 'retentionPolicyNotMet', 'PERMISSION_DENIED'],
    [403, 'objectUnderActiveHold', 'PERMISSION_DENIED'],
    [409, 'conflict', 'DRIVER'],
    [412, 'orgPolicyViolated', 'PERMISSION_DENIED'],
  ])('and %d %s of others keep a failed commit, too', async (status, reason, code) => {
    const writer = await driver.writer('/file')
    await writer.write(data(CHUNK + 10))
    world.fake.script = (exchange, server) =>
      writes(exchange) ? always(status, error(status, reason, 'no'))(exchange, server) : false
    await expect(writer.commit()).rejects.toMatchObject({ code })
    world.fake.script = undefined
    await writer.commit()
    expect((await driver.stat('/file')).size).toBe(CHUNK + 10)
  })
})

describe('an upload', () => {
  it('whose bytes the service accepts and never stores fails, and can be committed later', async () => {
    const writer = await driver.writer('/file')
    await writer.write(data(CHUNK + 10))
    let asked = 0
    world.fake.script = async (exchange, server) => {
      if (exchange.method !== 'PUT') return false
      asked++
      await server.uploads.keepPart(exchange, 0)
      return true
    }
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(asked).toBeLessThan(10)
    world.fake.script = undefined
    await writer.commit()
    expect((await driver.stat('/file')).size).toBe(CHUNK + 10)
  })
})

it.each([301, 302, 307, 308])('a redirect (%d) leads nowhere', async (status) => {
  world.fake.script = ({ request, reply }) => {
    request.resume()
    reply.writeHead(status, { location: `${world.fake.endpoint}/elsewhere` }).end()
    return true
  }
  for (const call of Object.values(CALLS)) {
    await expect(call(driver)).rejects.toMatchObject({ code: 'CONFIG' })
  }
  expect(world.fake.log.filter((line) => line.includes('elsewhere'))).toEqual([])
})
