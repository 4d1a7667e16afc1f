import type { Attributes } from './attributes.ts'
import { whileInTheWay } from './conflicts.ts'
import type { Store } from './store.ts'

interface Content {
  readonly Body: Uint8Array
  readonly attributes: Attributes
}

/** Makes a file with one request. */
export async function put(
  store: Store,
  path: string,
  { Body, attributes }: Content,
  signal: AbortSignal | undefined,
): Promise<void> {
  const Key = store.key(path)
  const input = { Key, Body, ContentLength: Body.length, ...store.creation(), ...attributes }
  await whileInTheWay(store, path, signal, () => {
    signal?.throwIfAborted()
    return store.call('PutObject', input, { path, signal })
  })
}
