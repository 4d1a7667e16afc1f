// @azure/storage-blob itself, with the helper that it has for streams.
import type { Readable } from 'node:stream'
import type { Config } from '../protocol.ts'
import { azureContainer } from '../sdk-clients.ts'
import type { Subject } from '../subject.ts'

/** What the helper does at a time: its own defaults. */
const BUFFER = 8 * 1024 * 1024
const CONCURRENCY = 5
/** Azurite answers slowly; a program that deletes much has some requests under way. */
const DELETIONS = 16

export async function open(config: Config): Promise<Subject> {
  const container = await azureContainer(config)
  const blob = (path: string) => container.getBlockBlobClient(path.slice(1))

  async function* flat(path: string): AsyncGenerator<string> {
    for await (const { name } of container.listBlobsFlat({ prefix: `${path.slice(1)}/` }))
      yield name
  }

  return {
    put: (path, content) => blob(path).upload(content, content.length),
    get: (path) => blob(path).downloadToBuffer(),
    upload: (path, source) => blob(path).uploadStream(source(), BUFFER, CONCURRENCY),
    download: async (path) => (await blob(path).download()).readableStreamBody as Readable,
    list: (path) => container.listBlobsByHierarchy('/', { prefix: `${path.slice(1)}/` }),
    walk: flat,
    move: async (from, to) => {
      await blob(to).syncCopyFromURL(blob(from).url)
      await blob(from).delete()
    },
    delete: async (path) => {
      const names = flat(path)
      const lane = async (): Promise<void> => {
        for await (const name of { [Symbol.asyncIterator]: () => ({ next: () => names.next() }) }) {
          await container.deleteBlob(name)
        }
      }
      await Promise.all(Array.from({ length: DELETIONS }, lane))
    },
  }
}
