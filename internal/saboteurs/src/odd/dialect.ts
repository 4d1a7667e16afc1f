// How the object store of the fault saboteurs speaks, for the odd-answers suite.
import type { OddDialect, RequestKind, Words } from '@stowage/testsuite'

const KINDS: Readonly<Record<string, RequestKind>> = {
  GET: 'read',
  HEAD: 'head',
  PUT: 'write',
  DELETE: 'delete',
}

function error({ status, ...words }: Words) {
  const headers = { 'content-type': 'application/json' }
  return { status, headers, body: JSON.stringify({ error: words }) }
}

export const dialect: OddDialect = {
  name: 'the object store',
  kindOf({ method, url: { pathname } }) {
    if (pathname === '/list') return 'list'
    if (pathname === '/copy') return 'copy'
    if (pathname.startsWith('/o/')) return KINDS[method] ?? 'other'
    if (!pathname.startsWith('/u/')) return 'other'
    return method === 'DELETE' ? 'delete' : 'write'
  },
  prefixOf: ({ url }) => url.searchParams.get('prefix') ?? '',
  error,
  page: (page) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(page),
  }),
  foreign404: ['NoSuchAccount'],
  errorsIn200: ['list', 'copy'],
  locks: [
    {
      what: 'a lock',
      kinds: ['write', 'copy', 'delete'],
      answer: error({ status: 403, code: 'Locked', message: 'made up' }),
    },
  ],
}
