import { parseSize } from './pages.ts'

/** What of an object an answer with status 206 brings, in bytes. */
export interface ContentRange {
  readonly first: number
  readonly last: number
  /** Size of the whole object. */
  readonly total: number
}

/** A `Content-Range` header, or undefined where it is none that can be: the last byte is before the end. */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const found = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(header ?? '') ?? []
  const [first, last, total] = found.slice(1).map(parseSize)
  if (first === undefined || last === undefined || total === undefined) return undefined
  return first <= last && last < total ? { first, last, total } : undefined
}
