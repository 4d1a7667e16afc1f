// Bytes that tell where they belong: a piece in the wrong place does not go unnoticed.

/** The bytes from that offset on: each group of eight is the number of the group, mixed well. */
export function pattern(offset, length) {
  const first = Math.floor(offset / 8)
  const groups = new BigUint64Array(Math.ceil((offset + length) / 8) - first)
  for (let index = 0; index < groups.length; index++) {
    groups[index] = BigInt(first + index) * 0x9e3779b97f4a7c15n
  }
  const bytes = new Uint8Array(groups.buffer)
  return bytes.subarray(offset - first * 8, offset - first * 8 + length)
}
