// flystorage, whose adapters sit on the same SDKs as Stowage's drivers.
import { FileStorage, type StorageAdapter } from '@flystorage/file-storage'
import type { Config } from '../protocol.ts'
import { azureContainer, s3Client } from '../sdk-clients.ts'
import type { Subject } from '../subject.ts'

export async function open(config: Config): Promise<Subject> {
  const storage = new FileStorage(await adapter(config))
  return {
    put: (path, content) => storage.write(path, content),
    get: (path) => storage.readToUint8Array(path),
    upload: (path, source, size) => storage.write(path, source(), { size }),
    download: (path) => storage.read(path),
    list: (path) => storage.list(path),
    walk: (path) => storage.list(path, { deep: true }),
    move: (from, to) => storage.moveFile(from, to),
    delete: (path) => storage.deleteDirectory(path),
    walksDirectories: config.backend === 'fs',
  }
}

async function adapter(config: Config): Promise<StorageAdapter> {
  if (config.backend === 'fs') {
    const { LocalStorageAdapter } = await import('@flystorage/local-fs')
    return new LocalStorageAdapter(config.rootDirectory ?? '')
  }
  if (config.backend === 's3') {
    const { AwsS3StorageAdapter } = await import('@flystorage/aws-s3')
    return new AwsS3StorageAdapter(await s3Client(config), { bucket: config.bucket ?? '' })
  }
  const { AzureStorageBlobStorageAdapter } = await import('@flystorage/azure-storage-blob')
  return new AzureStorageBlobStorageAdapter(await azureContainer(config))
}
