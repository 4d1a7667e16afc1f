import {
  CreateMultipartUploadCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { StorageDriver } from '@stowage/core'
import { PART } from './helpers/storages.ts'
import {
  beforeEachOn,
  collect,
  data,
  describeOn,
  itUnless,
  oneServer,
  type World,
} from './helpers/world.ts'

const server = await oneServer('sessions')
const onServer = describeOn(server)
let world: World
let root: string
let driver: StorageDriver
beforeEachOn(server, {}, (given) => {
  ;({ world, root, driver } = given)
})

const bucket = (): string => world.parameters.bucket

async function begin(path: string): Promise<string> {
  const input = { Bucket: bucket(), Key: `${root}${path}` }
  const { UploadId = '' } = await world.client.send(new CreateMultipartUploadCommand(input))
  return UploadId
}

/** So many at a time. */
async function times(count: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) await run(i)
  }
  await Promise.all(Array.from({ length: 16 }, work))
}

async function leave(path: string, bytes: Buffer, from = driver): Promise<void> {
  const writer = await from.writer(path)
  await writer.write(bytes)
  await writer.close()
}

onServer('uploads', () => {
  itUnless(
    server,
    'no-upload-paging',
    'uploads-by-exact-key',
    'moto',
  )('are found among 1,001 of other paths with the same prefix, and of the same path', async () => {
    await leave('/a-000', data(10))
    await times(1001, (i) => begin(`/a-${1000 + i}`))
    await times(1001, () => begin('/z'))
    await leave('/z', data(20))
    await leave('/zz', data(30))
    const first = await driver.writer('/a-000', { append: true })
    expect(first.size).toBe(10)
    await first.close()
    const seen = await world.proxy.during(async () => {
      const writer = await driver.writer('/z', { append: true })
      expect(writer.size).toBe(20)
      await writer.close()
    })
    expect(seen).toEqual(['ListMultipartUploads', 'ListMultipartUploads', 'ListParts'])
    // What lies behind the first page of the prefix is found too, and nothing is listed twice.
    const last = await driver.writer('/zz', { append: true })
    expect(last.size).toBe(30)
    await last.close()
    const purged = await driver.purgeUploads('/', { olderThan: new Date(Date.now() + 1000) })
    expect(purged).toHaveLength(2005)
    expect(await world.uploads(root)).toEqual([])
    expect(await world.keys(root)).toEqual([])
  })

  itUnless(server, 'uploads-by-exact-key').each(['/b c/@x%20+é', '/a&b<c>"d\'e', '/?#=;,~', '/😀'])(
    'of %s are found, continued and deleted',
    async (path) => {
      await leave(path, data(10))
      const writer = await driver.writer(path, { append: true })
      expect(writer.size).toBe(10)
      await writer.close()
      const dry = await driver.purgeUploads('/', {
        olderThan: new Date(Date.now() + 9e5),
        dryRun: true,
      })
      expect(dry.map((upload) => upload.path)).toEqual([path])
      await driver.delete(path)
      expect(await world.uploads(root)).toEqual([])
      expect(await world.keys(root)).toEqual([])
    },
  )

  it('with more parts than a page are continued at the right byte', async () => {
    const UploadId = await begin('/a')
    const Key = `${root}/a`
    await times(1003, (i) => {
      const part = { Bucket: bucket(), Key, UploadId, PartNumber: i + 1, Body: Buffer.from('x') }
      return world.client.send(new UploadPartCommand(part))
    })
    const seen = await world.proxy.during(async () => {
      expect((await driver.writer('/a', { append: true })).size).toBe(1003)
    })
    // MinIO's page has 10,000 parts.
    const lists = server?.server.name === 'minio' ? ['ListParts'] : ['ListParts', 'ListParts']
    expect(seen).toEqual(['ListMultipartUploads', ...lists])
  })

  it('left with a gap by a process that died go on before the gap', async () => {
    const UploadId = await begin('/a')
    const bytes = data(4 * PART)
    for (const number of [1, 2, 4]) {
      const Body = bytes.subarray((number - 1) * PART, number * PART)
      const part = { Bucket: bucket(), Key: `${root}/a`, UploadId, PartNumber: number, Body }
      await world.client.send(new UploadPartCommand(part))
    }
    const writer = await driver.writer('/a', { append: true })
    expect(writer.size).toBe(2 * PART)
    await writer.write(bytes.subarray(writer.size))
    await writer.commit()
    expect(Buffer.from(await driver.getContent('/a')).equals(bytes)).toBe(true)
  })

  it('of the original, with a short last part, can be committed but not written to', async () => {
    const UploadId = await begin('/a')
    const part = { Bucket: bucket(), Key: `${root}/a`, UploadId, PartNumber: 1, Body: 'tail' }
    await world.client.send(new UploadPartCommand(part))
    const writer = await driver.writer('/a', { append: true })
    expect(writer.size).toBe(4)
    await expect(writer.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    await writer.close()
    await (await driver.writer('/a', { append: true })).commit()
    expect(String(await driver.getContent('/a'))).toBe('tail')
  })

  itUnless(server, 'uploads-by-exact-key')(
    'have equal parts on a store that wants them, however often they are closed',
    async () => {
      const strict = await world.driver(root, { provider: 'r2', region: 'us-east-1' })
      const bytes = data(4 * PART + 17)
      let at = 0
      for (const cut of [7, PART, PART + 1, 2 * PART - 1, 3 * PART + 5, bytes.length]) {
        const writer = await strict.writer('/a', { append: at > 0 })
        expect(writer.size).toBe(at)
        await writer.write(bytes.subarray(at, cut))
        await writer.close()
        at = cut
      }
      const writer = await strict.writer('/a', { append: true })
      const sizes = await partSizes()
      expect(sizes).toEqual([PART, PART, PART, PART, 17])
      await writer.commit()
      expect(Buffer.from(await driver.getContent('/a')).equals(bytes)).toBe(true)
      expect(await world.keys(root)).toEqual(['/a'])
    },
  )
})

/** Of the root's only upload. */
async function partSizes(): Promise<(number | undefined)[]> {
  const { ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3')
  const input = { Bucket: bucket(), Prefix: `${root}/` }
  const { Uploads = [] } = await world.client.send(new ListMultipartUploadsCommand(input))
  const { Key, UploadId } = Uploads[0] ?? {}
  const { Parts = [] } = await world.client.send(
    new ListPartsCommand({ Bucket: bucket(), Key, UploadId }),
  )
  return Parts.map(({ Size }) => Size)
}

onServer('a kept tail', () => {
  const reserved = '/.stowage/uploads/'

  it('is in no listing, has no path, and goes with the commit, the cancel or the delete', async () => {
    for (const name of ['committed', 'cancelled', 'deleted']) await leave(`/${name}`, data(100))
    expect((await world.keys(root)).filter((key) => key.startsWith(reserved))).toHaveLength(3)
    await driver.putContent('/-', 'x')
    await driver.putContent('/a', 'x')
    expect(await collect(driver.list('/'))).toEqual(['/-', '/a'])
    expect((await collect(driver.walk('/'))).map(({ path }) => path)).toEqual(['/-', '/a'])
    for (const path of ['/.stowage', '/.stowage/x']) {
      await expect(driver.stat(path)).rejects.toMatchObject({ code: 'INVALID_PATH' })
      await expect(driver.putContent(path, 'x')).rejects.toMatchObject({ code: 'INVALID_PATH' })
    }
    await (await driver.writer('/committed', { append: true })).commit()
    await (await driver.writer('/cancelled', { append: true })).cancel()
    await driver.delete('/deleted')
    expect(await world.keys(root)).toEqual(['/-', '/a', '/committed'])
    expect(await world.uploads(root)).toEqual([])
  })

  itUnless(
    server,
    'uploads-by-exact-key',
    'moto',
  )(
    'whose upload somebody else ended is removed by a purge of the root, when it is old enough',
    async () => {
      await leave('/a', data(100))
      const [kept = ''] = await world.keys(root)
      const input = { Bucket: bucket(), Key: `${root}${reserved}0123`, Body: 'orphan' }
      await world.client.send(new PutObjectCommand(input))
      await driver.purgeUploads('/')
      expect(await world.keys(root)).toHaveLength(2)
      await driver.purgeUploads('/a', { olderThan: new Date(0) })
      expect(await world.keys(root)).toContain(kept)
      await driver.purgeUploads('/', { olderThan: new Date(Date.now() + 60_000) })
      expect(await world.keys(root)).toEqual([])
    },
  )

  it('that does not fit its part is not continued with', async () => {
    await leave('/a', data(100))
    const [kept = ''] = await world.keys(root)
    const input = { Bucket: bucket(), Key: `${root}${kept}`, Body: data(100, 9) }
    await world.client.send(new PutObjectCommand(input))
    const writer = await driver.writer('/a', { append: true })
    await expect(writer.write(data(1))).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })
})

onServer('of two writers that continue one upload', () => {
  itUnless(server, 'abort-then-500')('the one whose part was replaced cannot commit', async () => {
    await leave('/a', data(PART + 100))
    const one = await driver.writer('/a', { append: true })
    // Not through the proxy: to the process it is another store, as another process is.
    const { endpoint } = world.parameters
    const two = await (await world.driver(root, { endpoint })).writer('/a', { append: true })
    await one.write(data(PART, 1))
    await two.write(data(PART, 2))
    const outcomes = await Promise.allSettled([one.commit(), two.commit()])
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('UPLOAD_NOT_FOUND')
    }
  })
})
