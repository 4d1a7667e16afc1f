// A Stowage driver, as its users call it: built, and behind base.
import { create, type StorageDriver } from '@stowage/core'
import { type UploadSource, upload } from '@stowage/core/transfer'
import type { Config } from '../protocol.ts'
import type { Subject } from '../subject.ts'

/** `backend` names the driver; the rest are its parameters, but that Azure's has another word for the endpoint. */
export async function open({ backend = '', endpoint, ...parameters }: Config): Promise<Subject> {
  await import(`@stowage/driver-${backend}`)
  const word = backend === 'azure' ? 'serviceURL' : 'endpoint'
  const where = endpoint === undefined ? {} : { [word]: endpoint }
  return stowage(await make(backend, { ...parameters, ...where }))
}

/** Which names and parameters there are is known only once a driver is loaded. */
const make = create as (name: string, parameters: Config) => Promise<StorageDriver>

function stowage(storage: StorageDriver): Subject {
  return {
    walksDirectories: true,
    put: (path, content) => storage.putContent(path, content),
    get: (path) => storage.getContent(path),
    upload: (path, source) => upload(storage, path, source() as UploadSource),
    download: (path) => storage.reader(path),
    list: (path) => storage.list(path),
    walk: (path) => storage.walk(path),
    move: (from, to) => storage.move(from, to),
    delete: (path) => storage.delete(path),
    async resume(path, first, second) {
      const writer = await storage.writer(path)
      for await (const chunk of first()) await writer.write(chunk)
      await writer.close()
      const again = await storage.writer(path, { append: true })
      for await (const chunk of second()) await again.write(chunk)
      await again.commit()
    },
  }
}
