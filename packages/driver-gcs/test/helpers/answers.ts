// Answers that a service should not give, and the calls that get them.
import type { StorageDriver } from '@stowage/core'
import type { Script } from '../fake/server.ts'
import { collect, data } from './data.ts'
import { CHUNK } from './storages.ts'

/** The same to every request. */
export function always(status: number, body: unknown, type = 'application/json'): Script {
  return ({ request, reply }) => {
    request.resume()
    reply.writeHead(status, { 'content-type': type })
    reply.end(typeof body === 'string' ? body : JSON.stringify(body))
    return true
  }
}

export const error = (code: number, reason: string, message: string) => ({
  error: { code, message, errors: [{ message, domain: 'global', reason }] },
})

/** Calls of all kinds, on one file. */
export const CALLS: Readonly<Record<string, (storage: StorageDriver) => Promise<unknown>>> = {
  getContent: (storage) => storage.getContent('/file'),
  reader: (storage) => storage.reader('/file', { offset: 3 }),
  putContent: (storage) => storage.putContent('/file', 'x'),
  'putContent of chunks': (storage) => storage.putContent('/file', data(2 * CHUNK)),
  stat: (storage) => storage.stat('/file'),
  list: (storage) => collect(storage.list('/')),
  walk: (storage) => collect(storage.walk('/')),
  delete: (storage) => storage.delete('/file'),
  move: (storage) => storage.move('/file', '/other'),
  'writer with append': (storage) => storage.writer('/file', { append: true }),
  purgeUploads: (storage) => storage.purgeUploads('/'),
}
