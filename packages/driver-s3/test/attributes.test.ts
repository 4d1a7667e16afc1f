// What an object has besides its bytes stays with it when it moves, and its time is told as rclone tells it.
import { GetObjectTaggingCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { StorageDriver } from '@stowage/core'
import { keptTime, timeAttributes } from '../src/attributes.ts'
import { beforeEachOn, data, describeOn, oneServer, type World } from './helpers/world.ts'

const MIB = 2 ** 20
// Ceph 16 does not tell in a HEAD that an object has tags, or drops them at the begin of an upload.
const server = await oneServer('attributes', 'versitygw')

describe('the time of a file', () => {
  it.each([
    ['2001-02-03T04:05:06.789Z', '981173106.789'],
    ['2001-02-03T04:05:06.700Z', '981173106.7'],
    ['2001-02-03T04:05:06.000Z', '981173106'],
    ['1970-01-01T00:00:00.005Z', '0.005'],
    ['1969-12-31T23:59:58.500Z', '-1.5'],
  ])('%s is written as %s, and read again', (time, text) => {
    expect(timeAttributes(new Date(time))).toEqual({ Metadata: { mtime: text } })
    expect(keptTime({ mtime: text })?.toJSON()).toBe(time)
  })

  it('is read with the nanoseconds of rclone, and not where it is none', () => {
    expect(keptTime({ mtime: '981173106.789123456' })?.toJSON()).toBe('2001-02-03T04:05:06.789Z')
    for (const mtime of ['', 'now', '1e9', '99999999999999', '9999999999999', '1.'])
      expect(keptTime({ mtime })).toBeUndefined()
    expect(keptTime(undefined)).toBeUndefined()
  })
})

describeOn(server)('a move', () => {
  let world: World
  let root: string
  let driver: StorageDriver
  const copies = { multipartCopyThresholdSize: 0, multipartCopyChunkSize: 5 * MIB }
  beforeEachOn(server, copies, (given) => {
    world = given.world
    root = given.root
    driver = given.driver
  })

  /** Puts a file as another tool does, with everything that it can have. */
  async function make(path: string): Promise<void> {
    await world.client.send(
      new PutObjectCommand({
        ...{ Bucket: world.parameters.bucket, Key: `${root}${path}`, Body: data(6 * MIB) },
        ...{ ContentType: 'text/x-special', CacheControl: 'max-age=60' },
        ...{ ContentDisposition: 'attachment', ContentLanguage: 'de', ContentEncoding: 'identity' },
        ...{ Metadata: { colour: 'blue', mtime: '981173106.789' }, Tagging: 'a=1&b=x%20y' },
        Expires: new Date('2033-01-01T00:00:00Z'),
      }),
    )
  }

  async function attributesOf(path: string): Promise<object> {
    const where = { Bucket: world.parameters.bucket, Key: `${root}${path}` }
    const head = await world.client.send(new HeadObjectCommand(where))
    const { TagSet = [] } = await world.client.send(new GetObjectTaggingCommand(where))
    const { ContentType, CacheControl, ContentDisposition, ContentLanguage } = head
    const { ContentEncoding, Metadata, ExpiresString, ContentLength } = head
    return {
      ...{ ContentType, CacheControl, ContentDisposition, ContentLanguage, ContentEncoding },
      ...{ Metadata, ExpiresString, ContentLength },
      tags: TagSet.map(({ Key, Value }) => `${Key}=${Value}`).sort(),
    }
  }

  it.each([
    ['a file', '/file', '/moved', '/file', '/moved'],
    ['a directory', '/dir', '/other', '/dir/a', '/other/a'],
  ])('in parts keeps all of %s', async (_, source, destination, from, to) => {
    await make(from)
    const before = await attributesOf(from)
    expect(before).toMatchObject({ Metadata: { colour: 'blue' }, tags: ['a=1', 'b=x y'] })
    await driver.move(source, destination)
    expect(await attributesOf(to)).toEqual(before)
    expect((await driver.stat(to)).modTime.toJSON()).toBe('2001-02-03T04:05:06.789Z')
  })
})
