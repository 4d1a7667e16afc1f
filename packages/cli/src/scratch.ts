import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { joinPath } from '@stowage/core'
import { usageError } from './errors.ts'
import type { NamedSpec } from './storage.ts'

/** Stands in a URL for the name of a scratch storage. */
const PLACE = '{}'

/**
 * The description of an empty storage within another one: `{}` in a URL becomes its name, else the name
 * goes to the end of the URL's path, or to the root directory of a section. A URL without any place for
 * data, such as `inmemory:`, is empty each time it is opened.
 */
export function scratch({ spec, ...named }: NamedSpec, id: string): NamedSpec {
  if (typeof spec === 'string') return { ...named, spec: scratchURL(spec, id) }
  const entries = Object.entries(spec).map(([driver, parameters]) => {
    const map = (parameters ?? {}) as Record<string, unknown>
    const key = rootKey(map) ?? 'rootdirectory'
    const root = String(map[key] ?? '/').replace(/(?<!\/)\/+$/, '')
    return [driver, { ...map, [key]: joinPath(root === '' ? '/' : root, id) }]
  })
  return { ...named, spec: Object.fromEntries(entries) }
}

function scratchURL(url: string, id: string): string {
  if (url.includes(PLACE)) return url.replaceAll(PLACE, id)
  if (!URL.canParse(url)) throw usageError('the storage URL is malformed', 'write fs:///directory')
  const parsed = new URL(url)
  if (parsed.host === '' && parsed.pathname === '') return url
  const [, before = '', after = ''] = /^([^?#]*)(.*)$/s.exec(url) ?? []
  return `${before.replace(/(?<!\/)\/+$/, '')}/${id}${after}`
}

function rootKey(parameters: Record<string, unknown>): string | undefined {
  return Object.keys(parameters).find((key) => key.toLowerCase() === 'rootdirectory')
}

/** Removes the directory of a scratch storage on this machine; other drivers leave nothing behind. */
export async function removeDirectory({ spec }: NamedSpec): Promise<void> {
  const directory = localDirectory(spec)
  if (directory !== undefined) await rm(directory, { recursive: true, force: true })
}

function localDirectory(spec: NamedSpec['spec']): string | undefined {
  if (typeof spec === 'string') {
    const [, path] = /^(?:fs|filesystem):(\/\/\/[^?#]*)/.exec(spec) ?? []
    return path === undefined ? undefined : fileURLToPath(`file:${path}`)
  }
  const parameters = (spec.fs ?? spec.filesystem) as Record<string, unknown> | undefined
  const key = parameters && rootKey(parameters)
  return key === undefined ? undefined : String(parameters?.[key])
}
