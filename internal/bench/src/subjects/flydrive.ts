// flydrive, which keeps neither sizes nor order in its listings.
import { Disk } from 'flydrive'
import type { DriverContract } from 'flydrive/types'
import type { Config } from '../protocol.ts'
import { gcsStorage, s3Client } from '../sdk-clients.ts'
import type { Subject } from '../subject.ts'

export async function open(config: Config): Promise<Subject> {
  const disk = new Disk(await driver(config))
  return {
    put: (path, content) => disk.put(path, content),
    get: (path) => disk.getBytes(path),
    upload: (path, source, size) => disk.putStream(path, source(), { contentLength: size }),
    download: (path) => disk.getStream(path),
    list: (path) => pages(disk, path, false),
    walk: (path) => pages(disk, path, true),
    move: (from, to) => disk.move(from, to),
    delete: (path) => disk.deleteAll(path),
  }
}

async function* pages(disk: Disk, path: string, recursive: boolean): AsyncGenerator<unknown> {
  let paginationToken: string | undefined
  do {
    const page = await disk.listAll(path, {
      recursive,
      ...(paginationToken !== undefined && { paginationToken }),
    })
    yield* page.objects
    paginationToken = page.paginationToken
  } while (paginationToken !== undefined)
}

async function driver(config: Config): Promise<DriverContract> {
  const { bucket = '' } = config
  if (config.backend === 'fs') {
    const { FSDriver } = await import('flydrive/drivers/fs')
    return new FSDriver({ location: config.rootDirectory ?? '', visibility: 'private' })
  }
  if (config.backend === 's3') {
    const { S3Driver } = await import('flydrive/drivers/s3')
    const client = await s3Client(config)
    return new S3Driver({ client, bucket, visibility: 'private', supportsACL: false })
  }
  const { GCSDriver } = await import('flydrive/drivers/gcs')
  const storage = await gcsStorage(config)
  return new GCSDriver({ storage, bucket, visibility: 'private', usingUniformAcl: true })
}
