// What an object has besides its bytes: what a put writes, a stat reads, and a copy in parts keeps.
import type { CreateMultipartUploadCommandInput, HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { CallOptions, Store } from './store.ts'

/** Of the requests that make an object, what a caller or a source decides. */
export type Attributes = Pick<
  CreateMultipartUploadCommandInput,
  | 'CacheControl'
  | 'ContentDisposition'
  | 'ContentEncoding'
  | 'ContentLanguage'
  | 'ContentType'
  | 'Expires'
  | 'Metadata'
  | 'Tagging'
  | 'WebsiteRedirectLocation'
>

/** Metadata in which rclone keeps the time of a file: seconds since 1970, with decimals where there are any. */
const MTIME = 'mtime'
/** Decimals of rclone's times are nanoseconds; a Date has milliseconds. */
const TIME = /^(-?)(\d{1,13})(?:\.(\d{1,9}))?$/

/** The attributes of a file with that time. */
export function timeAttributes(modTime: Date | undefined): Attributes {
  return modTime === undefined ? {} : { Metadata: { [MTIME]: timeText(modTime) } }
}

function timeText(modTime: Date): string {
  const ms = modTime.getTime()
  const digits = String(Math.abs(ms)).padStart(4, '0')
  const decimals = digits.slice(-3).replace(/0{1,3}$/, '')
  return `${ms < 0 ? '-' : ''}${digits.slice(0, -3)}${decimals && `.${decimals}`}`
}

/** The time that is kept with the file, or undefined where there is none that can be read. */
export function keptTime(metadata: Readonly<Record<string, string>> = {}): Date | undefined {
  const [, sign = '', seconds, decimals = ''] = TIME.exec(metadata[MTIME] ?? '') ?? []
  if (seconds === undefined) return undefined
  const ms = Number(seconds) * 1000 + Number(decimals.slice(0, 3).padEnd(3, '0'))
  const time = new Date(sign ? -ms : ms)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** All that a copy has to be given where the store does not copy it by itself. One more request where there are tags. */
export async function copiedAttributes(
  store: Store,
  key: string,
  head: HeadObjectCommandOutput,
  where: CallOptions,
): Promise<Attributes> {
  const { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage } = head
  const { ContentType, ExpiresString, Metadata, WebsiteRedirectLocation, TagCount = 0 } = head
  const expires = new Date(ExpiresString ?? Number.NaN)
  const found = {
    ...{ CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType },
    ...{ Metadata, WebsiteRedirectLocation },
    Expires: Number.isNaN(expires.getTime()) ? undefined : expires,
    Tagging: TagCount > 0 ? await tagsOf(store, key, where) : undefined,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

async function tagsOf(store: Store, key: string, where: CallOptions): Promise<string> {
  const { TagSet = [] } = await store.call('GetObjectTagging', { Key: key }, where)
  return TagSet.map(
    ({ Key = '', Value = '' }) => `${encodeURIComponent(Key)}=${encodeURIComponent(Value)}`,
  ).join('&')
}
