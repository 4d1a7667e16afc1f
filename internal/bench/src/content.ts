const made = new Map<number, Uint8Array>()

/** Bytes that do not compress, the same for each size; made once. */
export function content(size: number): Uint8Array {
  let bytes = made.get(size)
  if (bytes === undefined) {
    bytes = Buffer.alloc(size)
    let state = 0x9e3779b9
    for (let index = 0; index < size; index++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      bytes[index] = state
    }
    made.set(size, bytes)
  }
  return bytes
}
