// Lets the processes of one test run share servers: the one that started them describes them in the environment.
import type { Facts, Kind, TestServer } from './server.ts'

/** The environment variable through which the servers travel. */
export const variable = 'STOWAGE_TEST_RUNNING'

/** A running server as another process of this test run describes it. */
export interface Shared<F extends Facts = Facts> {
  readonly kind: Kind
  readonly name: string
  readonly version: string
  readonly facts: F
}

interface Message {
  /** The kinds that were looked for, found or not. */
  readonly kinds: readonly Kind[]
  readonly servers: readonly Shared[]
}

function received(): Message {
  const text = process.env[variable]
  return text ? (JSON.parse(text) as Message) : { kinds: [], servers: [] }
}

/** The environment for child processes that shall use these running servers, in addition to those shared with us. */
export function shareEnvironment(
  kinds: readonly Kind[],
  servers: readonly TestServer[],
): Record<string, string> {
  const before = received()
  const own = servers
    .map(({ kind, name, version, facts }) => ({ kind, name, version, facts }))
    .filter(({ kind }) => !before.kinds.includes(kind))
  const message: Message = {
    kinds: [...new Set([...before.kinds, ...kinds])],
    servers: [...before.servers, ...own],
  }
  return { [variable]: JSON.stringify(message) }
}

/** The servers of a kind that run already; undefined if nobody has looked for any. */
export function sharedServers<F extends Facts>(kind: Kind): readonly Shared<F>[] | undefined {
  const { kinds, servers } = received()
  if (!kinds.includes(kind)) return undefined
  return servers.filter((server): server is Shared<F> => server.kind === kind)
}
