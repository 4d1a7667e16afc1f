import type { ObjectResource } from './objects.ts'

// A file's own time is in the object's metadata, in the two forms that rclone writes and reads: a date, and for gsutil
// whole seconds since 1970.
const DATE = 'mtime'
const SECONDS = 'goog-reserved-file-mtime'

/** Metadata that keeps a file's time. */
export function modTimeMetadata(modTime: Date | undefined): Record<string, string> | undefined {
  if (modTime === undefined) return undefined
  return {
    [DATE]: modTime.toISOString(),
    [SECONDS]: String(Math.floor(modTime.getTime() / 1000)),
  }
}

/** The time that somebody has given the file, else that of its upload. */
export function modTimeOf({
  metadata,
  updated,
}: Pick<ObjectResource, 'metadata' | 'updated'>): Date {
  const { [DATE]: date, [SECONDS]: seconds } = metadata
  const time = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d)$/.test(String(date))
    ? Date.parse(String(date))
    : /^-?\d{1,12}$/.test(String(seconds))
      ? Number(seconds) * 1000
      : Number.NaN
  return Number.isNaN(time) ? updated : new Date(time)
}
