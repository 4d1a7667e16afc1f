import { isIP } from 'node:net'
import type { RedirectRequest } from '@stowage/core/driver'

/**
 * The client's address: the first of `X-Forwarded-For`, else `X-Real-Ip`, else the socket's. The
 * headers are whatever the client says, unless a proxy replaces them: this chooses a route, it is no
 * protection.
 */
export function clientAddress(request: RedirectRequest | undefined): string | undefined {
  const forwarded = header(request, 'x-forwarded-for')?.split(',')[0]
  const found = [forwarded, header(request, 'x-real-ip'), request?.remoteAddress]
    .map((text) => withoutPort(text?.trim() ?? ''))
    .find((text) => isIP(text) !== 0)
  // An IPv4 address as a socket that listens on IPv6 shows it.
  return found?.replace(/^::ffff:(?=\d+\.)/i, '')
}

function header(request: RedirectRequest | undefined, name: string): string | undefined {
  for (const [key, value] of Object.entries(request?.headers ?? {})) {
    if (key.toLowerCase() === name) return typeof value === 'string' ? value : value?.[0]
  }
  return undefined
}

function withoutPort(text: string): string {
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? []
  if (bracketed !== undefined) return bracketed
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(text) ? text.slice(0, text.lastIndexOf(':')) : text
}
