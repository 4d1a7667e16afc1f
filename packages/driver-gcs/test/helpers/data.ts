// What most tests need: bytes that tell their position, entries in an array.

/** Bytes in which every position can be told from its neighbours. */
export function data(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 2654435761 + seed) >>> 0, at)
  for (let at = size - (size % 4); at < size; at++) bytes[at] = at + seed
  return bytes
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of source) all.push(item)
  return all
}
