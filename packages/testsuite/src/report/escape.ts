const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand in HTML and SVG, in an attribute too. Control characters are made visible. */
export function escapeHTML(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
      if (character === '\n' || character === '\t') return character
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    })
}
