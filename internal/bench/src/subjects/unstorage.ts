// unstorage, which holds whole values only and has no streams.
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs-lite'
import type { Config } from '../protocol.ts'
import type { Subject } from '../subject.ts'

export async function open({ rootDirectory = '' }: Config): Promise<Subject> {
  const storage = createStorage({ driver: fsDriver({ base: rootDirectory }) })
  return {
    put: (path, content) => storage.setItemRaw(path, content),
    get: async (path) => (await storage.getItemRaw<Uint8Array>(path)) ?? new Uint8Array(),
    walk: (path) => keys(path),
    delete: (path) => storage.clear(path),
  }

  async function* keys(path: string): AsyncGenerator<string> {
    yield* await storage.getKeys(path)
  }
}
