/** C0, DEL, C1, line separators, and marks that change the direction of what follows them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** One line in which a hostile name can do nothing to a terminal: such characters are made visible. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, escaped)
}

/** JSON that prints no control character either: `JSON.stringify` leaves those of C1 as they are. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(UNPRINTABLE, escaped)
}
