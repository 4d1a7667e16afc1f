import { ContentError } from '@stowage/core/driver'
import { parseSize } from '@stowage/driver-kit'
import { XMLParser } from 'fast-xml-parser'
import { noWebdav } from './failures.ts'

/** One line of a PROPFIND's answer. */
export interface Entry {
  /** The last component of its path. */
  readonly name: string
  readonly isDir: boolean
  readonly size: number
  readonly modTime: Date
  readonly etag: string | undefined
}

/** A `response` of RFC 4918. What is in it may be of any form. */
interface Line {
  readonly href?: unknown
  readonly status?: string
  readonly propstat?: readonly { readonly status?: unknown; readonly prop?: Properties }[]
}

interface Properties {
  readonly resourcetype?: '' | { readonly collection?: unknown }
  readonly getcontentlength?: unknown
  readonly getlastmodified?: unknown
  readonly getetag?: unknown
}

const parser = new XMLParser({
  removeNSPrefix: true,
  parseTagValue: false,
  isArray: (name) => name === 'response' || name === 'propstat',
})

/** @throws ConfigError where it is no multistatus: a page of something else, say. */
export function parseMultistatus(text: string): readonly Line[] {
  let found: { multistatus?: { response?: readonly Line[] } | '' } | undefined
  try {
    found = parser.parse(text)
  } catch {
    // What the parser says repeats the text.
  }
  const { multistatus } = found ?? {}
  if (multistatus === undefined) throw noWebdav('an answer is no multistatus')
  return multistatus === '' ? [] : (multistatus.response ?? [])
}

/** The entries of a PROPFIND's answer, each checked before it is believed. */
export function entriesOf(text: string, root: string, path: string, depth: 0 | 1): Entry[] {
  const entries: Entry[] = []
  for (const { href, propstat = [] } of parseMultistatus(text)) {
    const at = pathOf(href, root)
    const isItself = at === path
    if (depth === 1 && isItself) continue
    const name = at.slice(at.lastIndexOf('/') + 1)
    const parent = at.slice(0, -name.length - 1)
    if (!isItself && (depth === 0 || parent !== (path === '/' ? '' : path))) {
      throw new ContentError('PROPFIND: the answer has a name that is not in the collection', {
        path,
      })
    }
    const found = propstat.find(({ status }) => / 200( |$)/.test(String(status)))?.prop
    if (found !== undefined) entries.push(entryOf(name, found, at))
  }
  return entries
}

function entryOf(name: string, found: Properties, path: string): Entry {
  const isDir = typeof found.resourcetype === 'object' && 'collection' in found.resourcetype
  const size = isDir ? 0 : parseSize(found.getcontentlength)
  if (size === undefined) throw new ContentError('PROPFIND: the answer has no length', { path })
  const modTime = new Date(String(found.getlastmodified ?? 0))
  return {
    ...{ name, isDir, size },
    modTime: Number.isNaN(modTime.getTime()) ? new Date(0) : modTime,
    etag: typeof found.getetag === 'string' ? tag(found.getetag) : undefined,
  }
}

/** The path of the storage that a URL of the server's stands for. A proxy on the way may change its host. */
export function pathOf(href: unknown, root: string): string {
  try {
    const own = components(root, root)
    const all = components(String(href), root)
    // A `/` within a name would make two of it.
    const fits =
      own.every((name, at) => all[at] === name) && !all.some((name) => name.includes('/'))
    if (fits) return `/${all.slice(own.length).join('/')}`
  } catch {
    // No URL, or with a % that is followed by something else than two digits.
  }
  throw new ContentError('an answer has a name that is not in the storage')
}

function components(href: string, root: string): string[] {
  const { pathname } = new URL(href, root)
  return pathname
    .split('/')
    .filter((name) => name !== '')
    .map(decodeURIComponent)
}

/** An entity tag in one form: some servers quote it in one place only. */
export function tag(text: string): string {
  return text.replace(/^W\//, '').replaceAll('"', '')
}
