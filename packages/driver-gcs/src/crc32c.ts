/** The polynomial of CRC32C (Castagnoli), reflected. */
const POLYNOMIAL = 0x82f63b78
/** Tables for eight bytes at a time: some ten times as quick as one byte at a time. */
const SLICES = 8

let tables: readonly Int32Array[] | undefined

function makeTables(): readonly Int32Array[] {
  const made = Array.from({ length: SLICES }, () => new Int32Array(256))
  const [first] = made as [Int32Array]
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
    first[byte] = crc
  }
  for (let slice = 1; slice < SLICES; slice++) {
    const before = made[slice - 1] as Int32Array
    const table = made[slice] as Int32Array
    for (let byte = 0; byte < 256; byte++) {
      const crc = before[byte] as number
      table[byte] = (first[crc & 255] as number) ^ (crc >>> 8)
    }
  }
  return made
}

/**
 * The CRC32C of more bytes, given that of the bytes before them (0 for none). The checksum that Google
 * Cloud Storage keeps of every object.
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables()
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as unknown as [
    ...[Int32Array, Int32Array, Int32Array, Int32Array],
    ...[Int32Array, Int32Array, Int32Array, Int32Array],
  ]
  const { length } = bytes
  let crc = ~before
  let at = 0
  for (const end = length - 7; at < end; at += 8) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24))
    crc =
      (t7[low & 255] as number) ^
      (t6[(low >>> 8) & 255] as number) ^
      (t5[(low >>> 16) & 255] as number) ^
      (t4[low >>> 24] as number) ^
      (t3[bytes[at + 4] as number] as number) ^
      (t2[bytes[at + 5] as number] as number) ^
      (t1[bytes[at + 6] as number] as number) ^
      (t0[bytes[at + 7] as number] as number)
  }
  for (; at < length; at++) crc = (t0[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** As the service writes it: four bytes, most significant first, in base64. */
export function encodeCrc32c(crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return bytes.toString('base64')
}
