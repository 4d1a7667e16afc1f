// @aws-sdk/client-s3 itself, with the helper that it has for large bodies.
import type { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { Config } from '../protocol.ts'
import { s3Client } from '../sdk-clients.ts'
import type { Subject } from '../subject.ts'

export async function open(config: Config): Promise<Subject> {
  const client = await s3Client(config)
  const Bucket = config.bucket ?? ''
  const key = (path: string): string => path.slice(1)

  async function* objects(path: string, delimiter?: string): AsyncGenerator<string> {
    const Prefix = `${key(path)}/`
    const request = { Bucket, Prefix, ...(delimiter && { Delimiter: delimiter }) }
    for await (const page of paginateListObjectsV2({ client }, request)) {
      for (const { Key = '' } of page.Contents ?? []) yield Key
      for (const { Prefix: directory = '' } of page.CommonPrefixes ?? []) yield directory
    }
  }

  return {
    put: (path, Body) => client.send(new PutObjectCommand({ Bucket, Key: key(path), Body })),
    get: async (path) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key(path) }))
      return (await Body?.transformToByteArray()) ?? new Uint8Array()
    },
    upload: (path, source) =>
      new Upload({ client, params: { Bucket, Key: key(path), Body: source() } }).done(),
    download: async (path) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key(path) }))
      return Body as Readable
    },
    list: (path) => objects(path, '/'),
    walk: (path) => objects(path),
    move: async (from, to) => {
      const CopySource = `${Bucket}/${key(from)}`
      await client.send(new CopyObjectCommand({ Bucket, Key: key(to), CopySource }))
      await client.send(new DeleteObjectCommand({ Bucket, Key: key(from) }))
    },
    delete: async (path) => {
      const keys: string[] = []
      const flush = async (): Promise<void> => {
        const Objects = keys.splice(0).map((Key) => ({ Key }))
        await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
      }
      for await (const Key of objects(path)) if (keys.push(Key) === 1000) await flush()
      if (keys.length > 0) await flush()
    },
  }
}
