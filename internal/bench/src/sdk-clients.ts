// The vendors' clients, set up for the servers of this run; each is loaded by who asks for it.
import type { S3Client } from '@aws-sdk/client-s3'
import type { ContainerClient } from '@azure/storage-blob'
import type { Storage } from '@google-cloud/storage'
import type { Config } from './protocol.ts'

/** As many sockets as the driver has, so that 64 at a time do not wait for one. */
const SOCKETS = 128

export async function s3Client(config: Config): Promise<S3Client> {
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  const { endpoint = '', region = '', accessKey = '', secretKey = '' } = config
  return new Client({
    ...{ endpoint, region, forcePathStyle: true },
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    requestHandler: { httpAgent: { maxSockets: SOCKETS, keepAlive: true } },
    // Stores other than Amazon's get no checksum headers from the driver either.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

export async function azureContainer(config: Config): Promise<ContainerClient> {
  const sdk = await import('@azure/storage-blob')
  const { endpoint = '', container = '', accountName = '', accountKey = '' } = config
  const credential = new sdk.StorageSharedKeyCredential(accountName, accountKey)
  return new sdk.BlobServiceClient(endpoint, credential).getContainerClient(container)
}

export async function gcsStorage({ endpoint = '' }: Config): Promise<Storage> {
  const { Storage: Client } = await import('@google-cloud/storage')
  return new Client({ projectId: 'bench', apiEndpoint: endpoint })
}
