/** Bytes of which each tells its revision and its position. */
export function contentOf(revision: number): Buffer {
  const bytes = Buffer.alloc(4 * (1000 + ((revision * 7919) % 20_000)))
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE((revision * 65_537) ^ at, at)
  return bytes
}

/** The revision of these bytes. @throws where they are not one revision whole. */
export function revisionOf(bytes: Buffer): number {
  const revision = bytes.readUInt32LE(0) / 65_537
  if (!contentOf(revision).equals(bytes)) throw new Error(`torn content of ${bytes.length} bytes`)
  return revision
}
