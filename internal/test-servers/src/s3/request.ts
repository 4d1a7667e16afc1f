// Just enough of S3's protocol to create a bucket and to see whether a server is ready, without an SDK.

import { createHash, createHmac } from 'node:crypto'
import { patient } from '../../../jest-preset/patience.mjs'
import type { Facts } from '../server.ts'

/** What an S3 client needs to know. */
export interface S3Facts extends Facts {
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Given only where the user's own credentials are temporary. */
  readonly sessionToken?: string
  /** True if buckets are addressed as `/bucket/key` rather than as host names. */
  readonly pathStyle: boolean
  /**
   * Where buckets can be addressed as host names, `http://BUCKET.localhost:PORT`. Not every system resolves such names,
   * so give the client's HTTP agent a `lookup` that answers 127.0.0.1.
   */
  readonly virtualHostEndpoint?: string
  /** A bucket to use instead of creating one. */
  readonly bucket?: string
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/** One request signed with AWS Signature Version 4; `path` is an unescaped bucket path such as `/name`. */
export async function s3Request(
  facts: S3Facts,
  method: string,
  path: string,
  body = '',
): Promise<{ status: number; text: string }> {
  const url = new URL(path, facts.endpoint)
  const time = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`
  const hash = sha256(body)
  const headers: Record<string, string> = {
    host: url.host,
    'x-amz-content-sha256': hash,
    'x-amz-date': time,
  }
  if (facts.sessionToken) headers['x-amz-security-token'] = facts.sessionToken
  const names = Object.keys(headers) // in the alphabetical order that signing wants
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('')
  const request = [method, url.pathname, '', lines, names.join(';'), hash].join('\n')
  const scope = `${time.slice(0, 8)}/${facts.region}/s3/aws4_request`
  const key = [facts.region, 's3', 'aws4_request'].reduce<Buffer>(
    hmac,
    hmac(`AWS4${facts.secretAccessKey}`, time.slice(0, 8)),
  )
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n')
  const signature = hmac(key, text).toString('hex')
  const { host: _, ...sent } = headers
  const reply = await fetch(url, {
    method,
    headers: {
      ...sent,
      authorization: `AWS4-HMAC-SHA256 Credential=${facts.accessKeyId}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}`,
    },
    ...(body && { body }),
    signal: AbortSignal.timeout(patient(60_000)),
  })
  return { status: reply.status, text: await reply.text() }
}

/** True once the server lists the buckets of our user. */
export async function s3Ready(facts: S3Facts): Promise<boolean> {
  const { status } = await s3Request(facts, 'GET', '/')
  return status === 200
}

/** Creates the bucket; that it is ours already is fine. */
export async function createS3Bucket(facts: S3Facts, bucket: string): Promise<void> {
  const elsewhere = facts.region !== 'us-east-1'
  const body = elsewhere
    ? `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${facts.region}</LocationConstraint></CreateBucketConfiguration>`
    : ''
  const { status, text } = await s3Request(facts, 'PUT', `/${bucket}`, body)
  if (status === 200 || (status === 409 && text.includes('BucketAlreadyOwnedByYou'))) return
  throw new Error(`creating the bucket ${bucket} at ${facts.endpoint} answered ${status}: ${text}`)
}
