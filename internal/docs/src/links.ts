// Where the links of a page lead: to another page, to a file of the repository, or away.
import { existsSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { root } from './markdown.ts'

/** The repository on the web: such a link in a README, which npm shows too, is a link to a file here. */
const REPOSITORY =
  /^https:\/\/github\.com\/stowage-storage\/stowage(?:\/(?:blob|tree)\/main)?(?:\/|$)/
export const WEB = 'https://github.com/stowage-storage/stowage/blob/main'

export interface Destination {
  /** A path from the root; undefined for what is elsewhere on the web. */
  readonly path: string | undefined
  /** What comes after `#`. */
  readonly anchor: string | undefined
}

/** What a link in a page means. A directory with a README is that README. */
export function destination(page: string, target: string): Destination {
  const [before = '', anchor] = target.split('#')
  const local = before.replace(REPOSITORY, '/')
  if (/^[a-z][a-z0-9+.-]*:/i.test(local)) return { path: undefined, anchor }
  if (local === '') return { path: page, anchor }
  const base = local.startsWith('/') ? '' : posix.dirname(page)
  const path = posix.join(base, decodeURI(local)).replace(/^\/|\/$/g, '') || '.'
  const readme = posix.join(path, 'README.md')
  const isDirectory = existsSync(join(root, path)) && statSync(join(root, path)).isDirectory()
  return { path: isDirectory && existsSync(join(root, readme)) ? readme : path, anchor }
}
