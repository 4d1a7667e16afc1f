/** The name under which rclone keeps a file's time in a blob's metadata. */
const KEY = 'mtime'

/** A time as rclone writes it, with nanoseconds. A date has milliseconds only. */
const WRITTEN = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)$/

type Metadata = Readonly<Record<string, string>>

/** Metadata that keeps the file's time. */
export function timeMetadata(time: Date): Record<string, string> {
  return { [KEY]: time.toISOString().replace(/(\.\d{3})Z$/, '$1000000Z') }
}

/** The time that metadata keeps, else that of the last change of the blob. */
export function timeOf(metadata: Metadata | undefined, lastModified: Date | undefined): Date {
  const kept = Object.entries(metadata ?? {}).find(([name]) => name.toLowerCase() === KEY)?.[1]
  const time = kept !== undefined && WRITTEN.test(kept) ? Date.parse(kept) : Number.NaN
  if (!Number.isNaN(time)) return new Date(time)
  return lastModified !== undefined && !Number.isNaN(lastModified.getTime())
    ? lastModified
    : new Date(0)
}
