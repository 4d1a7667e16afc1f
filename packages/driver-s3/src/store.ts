import type * as S3 from '@aws-sdk/client-s3'
import { HeldSessions } from '@stowage/core/driver'
import {
  type Names,
  type RequestFacts,
  Requests,
  Trees,
  withHandle,
  within,
} from '@stowage/driver-kit'
import { checkAnswers } from './answers.ts'
import { S3Backend } from './backend.ts'
import { loadClientSdk, makeClient, type Sdk } from './client.ts'
import { classify, factsOf } from './errors.ts'
import { keyNames } from './names.ts'
import type { Settings } from './parameters.ts'
import { uploadRemover } from './remove-uploads.ts'
import { watchRequest } from './request-secrets.ts'

/** The operations of the service that this driver uses. */
interface Operations {
  GetObject: [S3.GetObjectCommandInput, S3.GetObjectCommandOutput]
  HeadObject: [S3.HeadObjectCommandInput, S3.HeadObjectCommandOutput]
  PutObject: [S3.PutObjectCommandInput, S3.PutObjectCommandOutput]
  CopyObject: [S3.CopyObjectCommandInput, S3.CopyObjectCommandOutput]
  DeleteObject: [S3.DeleteObjectCommandInput, S3.DeleteObjectCommandOutput]
  DeleteObjects: [S3.DeleteObjectsCommandInput, S3.DeleteObjectsCommandOutput]
  ListObjectsV2: [S3.ListObjectsV2CommandInput, S3.ListObjectsV2CommandOutput]
  CreateMultipartUpload: [
    S3.CreateMultipartUploadCommandInput,
    S3.CreateMultipartUploadCommandOutput,
  ]
  UploadPart: [S3.UploadPartCommandInput, S3.UploadPartCommandOutput]
  UploadPartCopy: [S3.UploadPartCopyCommandInput, S3.UploadPartCopyCommandOutput]
  CompleteMultipartUpload: [
    S3.CompleteMultipartUploadCommandInput,
    S3.CompleteMultipartUploadCommandOutput,
  ]
  AbortMultipartUpload: [S3.AbortMultipartUploadCommandInput, S3.AbortMultipartUploadCommandOutput]
  ListParts: [S3.ListPartsCommandInput, S3.ListPartsCommandOutput]
  ListMultipartUploads: [S3.ListMultipartUploadsCommandInput, S3.ListMultipartUploadsCommandOutput]
  GetObjectTagging: [S3.GetObjectTaggingCommandInput, S3.GetObjectTaggingCommandOutput]
}

export interface CallOptions {
  /** The caller's path, for errors. */
  readonly path: string
  readonly signal?: AbortSignal | undefined
  /** Changes the command before it is sent. */
  readonly prepare?: ((command: Pick<S3.PutObjectCommand, 'middlewareStack'>) => void) | undefined
}

/** What a store may work on for minutes, by the size of the object, before the first byte of its answer. */
const SLOW: ReadonlySet<string> = new Set([
  'CompleteMultipartUpload',
  'CopyObject',
  'UploadPartCopy',
])

/** What sends content, for as long as that takes. */
const CONTENT: ReadonlySet<string> = new Set(['PutObject', 'UploadPart'])

/** The bucket: requests with everything that all of them share, and the keys of paths. */
export class Store {
  readonly settings: Settings
  readonly names: Names
  readonly backend: S3Backend
  readonly trees: Trees
  /** Whether the store takes a batch of deletes with Content-MD5 only; learned from a refusal. */
  wantsDigest = false
  /** The uploads that writers and moves of this process work on. */
  readonly held: HeldSessions
  readonly requests: Requests<RequestFacts>
  #sdk: Promise<Sdk> | undefined
  #client: Promise<S3.S3Client> | undefined
  #slow: Promise<S3.S3Client> | undefined

  constructor(settings: Settings) {
    this.settings = settings
    this.names = keyNames(settings)
    const { endpoint = '', bucket, root } = settings
    this.held = new HeldSessions(`s3 ${endpoint} ${bucket} ${root}`)
    const { accessKey, secretKey, sessionToken, sseCustomerKey, maxConnections } = settings
    this.requests = new Requests({
      classify,
      secrets: () => [accessKey, secretKey, sessionToken, sseCustomerKey],
      concurrency: maxConnections,
    })
    this.backend = new S3Backend(this)
    this.trees = new Trees(this.backend, uploadRemover(this))
  }

  get bucket(): string {
    return this.settings.bucket
  }

  /** The SDK's module, loaded by the first call. */
  sdk(): Promise<Sdk> {
    this.#sdk ??= loadClientSdk()
    return this.#sdk
  }

  /** The client for requests, made by the first call. */
  client(): Promise<S3.S3Client> {
    this.#client ??= this.#make(this.settings)
    return this.#client
  }

  /** URL of the store that is asked, also where the environment names it; undefined for Amazon's. */
  async endpoint(): Promise<string | undefined> {
    const { endpoint } = (await this.client()).config
    if (endpoint === undefined) return undefined
    const { hostname, port, path } = await endpoint()
    if (hostname.endsWith('.amazonaws.com')) return undefined
    return `https://${hostname}${port === undefined ? '' : `:${port}`}${path}`
  }

  /** The same with more patience, for what a store works on before it answers. */
  #slowClient(): Promise<S3.S3Client> {
    const idleTimeout = Math.max(this.settings.idleTimeout, this.settings.copyTimeout)
    this.#slow ??= this.settings.client
      ? this.client()
      : this.#make({ ...this.settings, idleTimeout })
    return this.#slow
  }

  async #make(settings: Settings): Promise<S3.S3Client> {
    const sdk = await this.sdk()
    return (
      (settings.client as S3.S3Client | undefined) ?? makeClient(sdk, settings, settings.endpoint)
    )
  }

  /** Sends one request, retried by the SDK, and gives its answer or one of Stowage's errors. */
  async call<N extends keyof Operations>(
    operation: N,
    input: Omit<Operations[N][0], 'Bucket'>,
    { path, signal, prepare }: CallOptions,
  ): Promise<Operations[N][1]> {
    return this.requests.run(factsOf(operation, input), { path, signal }, async (seen) => {
      const client = await (SLOW.has(operation) ? this.#slowClient() : this.client())
      const Command = (await this.sdk())[`${operation}Command`] as unknown as new (
        input: object,
      ) => never
      return this.#inTime(operation, signal, (abortSignal) => {
        const command = new Command({ Bucket: this.bucket, ...input })
        watchRequest(command, seen)
        checkAnswers(command, operation)
        prepare?.(command)
        return client.send(command, abortSignal === undefined ? {} : { abortSignal })
      })
    })
  }

  /** A request without content has a limit of time in all: bytes that trickle in keep no idle timeout. */
  #inTime<T>(
    operation: keyof Operations,
    signal: AbortSignal | undefined,
    send: (signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    const { idleTimeout, copyTimeout, requestTimeout } = this.settings
    const patient = (stop: AbortSignal | undefined) =>
      withHandle(() => send(stop), idleTimeout, stop)
    if (CONTENT.has(operation)) return patient(signal)
    const limit = SLOW.has(operation) ? requestTimeout + 2 * copyTimeout : requestTimeout
    return within(limit, signal, patient)
  }

  /** What every request that makes an object carries. */
  creation(): Pick<
    S3.PutObjectCommandInput,
    'ContentType' | 'ACL' | 'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'
  > {
    const { contentType, objectACL, storageClass, encrypt, keyId } = this.settings
    return {
      ContentType: contentType,
      ...(objectACL && { ACL: objectACL }),
      ...(storageClass && storageClass !== 'NONE' && { StorageClass: storageClass }),
      ...(encrypt && { ServerSideEncryption: keyId ? ('aws:kms' as const) : ('AES256' as const) }),
      ...(encrypt && keyId && { SSEKMSKeyId: keyId }),
      ...this.customerKey(),
    }
  }

  /** What every request that reads or writes content carries with SSE-C. */
  customerKey(): { SSECustomerAlgorithm?: string; SSECustomerKey?: string } {
    const { sseCustomerKey } = this.settings
    return sseCustomerKey ? { SSECustomerAlgorithm: 'AES256', SSECustomerKey: sseCustomerKey } : {}
  }

  /** The same for the source of a copy. */
  copySourceKey(): { CopySourceSSECustomerAlgorithm?: string; CopySourceSSECustomerKey?: string } {
    const { sseCustomerKey } = this.settings
    return sseCustomerKey
      ? { CopySourceSSECustomerAlgorithm: 'AES256', CopySourceSSECustomerKey: sseCustomerKey }
      : {}
  }

  /** Closes the connections of clients that are ours. */
  async close(): Promise<void> {
    const clients = this.settings.client ? [] : [this.#client, this.#slow]
    this.#client = undefined
    this.#slow = undefined
    for (const client of clients) {
      await client?.then(
        (made) => made.destroy(),
        () => {},
      )
    }
  }
}
