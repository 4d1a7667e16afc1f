import { createHmac } from 'node:crypto'
import type { S3ClientConfig } from '@aws-sdk/client-s3'

interface HttpRequest {
  method: string
  path: string
  hostname: string
  headers: Record<string, string>
  query?: Record<string, string | string[] | null>
}

interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** Query parameters that are part of what is signed. */
const SUBRESOURCES =
  /^(acl|cors|delete|lifecycle|location|logging|notification|partNumber|policy|requestPayment|tagging|torrent|uploadId|uploads|versionId|versioning|versions|website|response-[a-z-]+)$/

/**
 * Signs as Amazon did until 2014 (HMAC-SHA1), for old stores that know nothing else. The original has it
 * as `v4auth: false`.
 */
export function signerV2(config: S3ClientConfig, bucket: string) {
  return {
    async sign(request: HttpRequest): Promise<HttpRequest> {
      const keys = await keysOf(config)
      const headers: Record<string, string> = {
        ...request.headers,
        'x-amz-date': new Date().toUTCString(),
        ...(keys.sessionToken && { 'x-amz-security-token': keys.sessionToken }),
      }
      const signature = sign(keys, stringToSign({ ...request, headers }, { bucket, date: '' }))
      return {
        ...request,
        headers: { ...headers, authorization: `AWS ${keys.accessKeyId}:${signature}` },
      }
    },
  } as never
}

async function keysOf({ credentials }: S3ClientConfig): Promise<Keys> {
  return (typeof credentials === 'function' ? await credentials() : credentials) as Keys
}

function sign({ secretAccessKey }: Keys, text: string): string {
  return createHmac('sha1', secretAccessKey).update(text).digest('base64')
}

interface Signed {
  /** `/bucket` where only the host names it, else ''. */
  readonly bucket: string
  readonly date: string
}

function stringToSign(
  { method, headers, path, query }: HttpRequest,
  { bucket, date }: Signed,
): string {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const amz = [...lower]
    .filter(([name]) => name.startsWith('x-amz-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}\n`)
    .join('')
  const sub = Object.entries(query ?? {})
    .filter(([name]) => SUBRESOURCES.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === null || value === '' ? name : `${name}=${value}`))
  const resource = bucket + path + (sub.length > 0 ? `?${sub.join('&')}` : '')
  const plain = [method, lower.get('content-md5') ?? '', lower.get('content-type') ?? '', date]
  return `${plain.join('\n')}\n${amz}${resource}`
}

interface Presigned {
  readonly method: 'GET' | 'HEAD'
  readonly url: URL
  readonly bucket: string
  readonly expires: number
}

/** A URL with a V2 signature that ends at the given time (seconds since 1970). */
export async function presignV2(
  config: S3ClientConfig,
  { method, url, bucket, expires }: Presigned,
): Promise<string> {
  const keys = await keysOf(config)
  const headers: Record<string, string> = keys.sessionToken
    ? { 'x-amz-security-token': keys.sessionToken }
    : {}
  const request = { method, path: url.pathname, hostname: url.hostname, headers }
  const signed = new URL(url)
  signed.searchParams.set('AWSAccessKeyId', keys.accessKeyId)
  signed.searchParams.set('Expires', String(expires))
  if (keys.sessionToken) signed.searchParams.set('x-amz-security-token', keys.sessionToken)
  signed.searchParams.set(
    'Signature',
    sign(keys, stringToSign(request, { bucket, date: String(expires) })),
  )
  return signed.href
}
