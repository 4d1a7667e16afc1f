/** More of a path tells a reader nothing. */
const LONGEST = 160

/** A path that a reader can see and copy: what does not print is escaped. */
export function quoted(path: string): string {
  const escaped = [...path]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0
      if (code >= 0x20 && code < 0x7f) return character === "'" ? "\\'" : character
      return code > 0xffff
        ? `\\u{${code.toString(16)}}`
        : `\\u${code.toString(16).padStart(4, '0')}`
    })
    .join('')
  const cut = escaped.length > LONGEST ? `${escaped.slice(0, LONGEST)}...` : escaped
  return `'${cut}' (${Buffer.byteLength(path)} bytes)`
}
