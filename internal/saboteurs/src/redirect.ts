import type { StorageDriver } from '@stowage/core/driver'

/** What a URL of the healthy driver stands for. */
export interface Redirect {
  readonly storage: string
  readonly path: string
  readonly method: string
  readonly expiresIn: number
}

const ORIGIN = 'http://redirect.invalid'

/** A URL that {@link fetchFrom} understands, and nothing else. */
export function urlOf({ storage, path, method, expiresIn }: Redirect): string {
  const url = new URL(`/${encodeURIComponent(storage)}`, ORIGIN)
  const until = Date.now() + expiresIn * 1000
  url.search = new URLSearchParams({ path, method, until: String(until) }).toString()
  return url.href
}

/** A `fetch` that serves those URLs from the storages, as a plain HTTP server would. */
export function fetchFrom(open: (storage: string) => StorageDriver): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET')
    const { path = '', until, method: signed } = Object.fromEntries(url.searchParams)
    if (Date.now() > Number(until) || method !== signed) return new Response(null, { status: 403 })
    try {
      const driver = open(decodeURIComponent(url.pathname.slice(1)))
      const content = await driver.getContent(path)
      const [, from, to] =
        /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get('range') ?? '') ?? []
      const part = content.subarray(Number(from ?? 0), Number(to ?? content.length) + 1)
      const headers = { 'content-length': String(part.length) }
      const body = method === 'HEAD' ? null : Buffer.from(part)
      return new Response(body, { status: from === undefined ? 200 : 206, headers })
    } catch {
      return new Response(null, { status: 404 })
    }
  }
}
