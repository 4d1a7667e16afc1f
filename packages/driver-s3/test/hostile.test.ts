import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { registerHostileSuite } from '@stowage/testsuite'
import { testServers } from './helpers/storages.ts'
import { clientOf, NO_SERVER } from './helpers/world.ts'

/** A file with a longer name can be made on versitygw, but never replaced. */
const REPLACEABLE = 200

const servers = await testServers('hostile')
if (servers.length === 0) it.skip(`hostile names (${NO_SERVER})`, () => {})

for (const { server, open, parameters } of servers) {
  const client = async () => clientOf(await parameters())
  registerHostileSuite({
    name: `s3 on ${server.name} ${server.version}`,
    open,
    stored: 100,
    except: (path) =>
      server.name === 'versitygw' &&
      path.split('/').some((name) => Buffer.byteLength(name) > REPLACEABLE),
    behind: {
      root: (storage) => `${storage}/`,
      async keys() {
        const s3 = await client()
        const { bucket: Bucket } = await parameters()
        const keys: string[] = []
        for (let token: string | undefined, more = true; more; ) {
          const input = { Bucket, ContinuationToken: token, EncodingType: 'url' as const }
          const reply = await s3.send(new ListObjectsV2Command(input))
          for (const { Key = '' } of reply.Contents ?? []) {
            keys.push(reply.EncodingType ? decodeURIComponent(Key.replaceAll('+', ' ')) : Key)
          }
          token = reply.NextContinuationToken
          more = token !== undefined
        }
        s3.destroy()
        return keys
      },
      async put(Key, Body) {
        const s3 = await client()
        const { bucket: Bucket } = await parameters()
        await s3.send(new PutObjectCommand({ Bucket, Key, Body })).finally(() => s3.destroy())
      },
    },
  })
}
