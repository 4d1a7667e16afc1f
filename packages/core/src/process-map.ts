/** A map that all copies of core in this process share under that name. */
export function processMap<V>(name: string): Map<string, V> {
  const key = Symbol.for(name)
  const holder = globalThis as unknown as Record<symbol, Map<string, V> | undefined>
  holder[key] ??= new Map<string, V>()
  return holder[key]
}
