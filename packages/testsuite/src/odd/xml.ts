import type { Answer } from '../faults/fault.ts'

/** Text as XML holds it. */
export function xmlText(text: string): string {
  return text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** An answer with a document. */
export function xmlAnswer(
  status: number,
  document: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>${document}`
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body }
}
