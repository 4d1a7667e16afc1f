import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Seen } from '../../faults/fault.ts'
import { SecretSearch } from '../../secrets/search.ts'
import { eachOperation, type OddCase } from '../case.ts'
import { operation, operations } from '../operations.ts'
import { failedBut, type OddWorld } from '../world.ts'

/** Another server, which notes who comes. */
async function elsewhere<T>(run: (url: string, seen: string[]) => Promise<T>): Promise<T> {
  const seen: string[] = []
  const server = createServer((request, reply) => {
    seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`)
    request.resume()
    reply.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Headers whose values let others act in the caller's name. */
const SECRET_HEADERS = ['authorization', 'x-amz-security-token', 'x-ms-copy-source-authorization']

/** What a hostile service knows of the request: it can echo all of it. */
function secretsIn(seen: Seen): string[] {
  const headers = SECRET_HEADERS.map((name) => String(seen.headers[name] ?? ''))
  const signed = ['sig', 'X-Amz-Signature', 'X-Goog-Signature', 'upload_id'].map(
    (name) => seen.url.searchParams.get(name) ?? '',
  )
  const parts = headers.flatMap((header) => [
    header.split(' ').at(-1) ?? '',
    header.split(/Signature=|[: ]/).at(-1) ?? '',
  ])
  return [...headers, ...parts, ...signed].filter((one) => one.length >= 16)
}

async function echoes(world: OddWorld, field: 'code' | 'message' | 'requestId'): Promise<void> {
  const { secrets = {} } = world.options
  const given = Object.values(secrets)
  // One of them in each request, in turn.
  let turn = 0
  await eachOperation(
    world,
    'echo',
    async (one) => {
      const search = new SecretSearch(secrets)
      const rule = (seen: Seen) => {
        const known = secretsIn(seen)
        for (const secret of known) search.add('a credential of the request', secret)
        const all = [...given, ...known]
        const secret = all.length > 0 ? (all[turn++ % all.length] as string) : 'none'
        const words = { status: 400, code: 'Echo', message: 'made up', [field]: secret }
        return { answer: world.dialect.error(words) }
      }
      for (let round = 0; round <= given.length; round++) {
        const outcome = await world.outcome(one, rule)
        failedBut(outcome, 'PATH_NOT_FOUND')
        if ('error' in outcome) search.assertNone(`${one.id}, ${field}`, outcome.error)
      }
    },
    ['stat of a directory', 'getContent', 'putContent', 'list', 'writer', 'delete'].map(operation),
  )
}

export const outside: readonly OddCase[] = [
  {
    id: 'redirect',
    title: 'a redirect to another host is an error: credentials never follow it',
    run: (world) =>
      elsewhere(async (url, seen) => {
        for (const status of [301, 302, 307, 308]) {
          const body = '<html>moved</html>'
          const headers = { location: `${url}/elsewhere`, 'content-type': 'text/html' }
          await eachOperation(
            world,
            'redirect',
            async (one) => {
              const rule = () => ({ answer: { status, headers, body } })
              failedBut(await world.outcome(one, rule), 'PATH_NOT_FOUND')
              assert.deepEqual(seen.splice(0), [], 'requests that followed the redirect')
            },
            operations,
          )
        }
      }),
  },
  ...(['code', 'message', 'requestId'] as const).map(
    (field): OddCase => ({
      id: `echo-${field.toLowerCase()}`,
      title: `no error shows a secret that the service echoes in its ${field}`,
      run: (world) => echoes(world, field),
    }),
  ),
]
