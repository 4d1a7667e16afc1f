import { escapeHTML } from './escape.ts'
import type { ConformanceReport } from './schema.ts'

/** A badge in the form of a shields.io endpoint: put the file on the web and give shields its URL. */
export interface Badge {
  readonly schemaVersion: 1
  readonly label: string
  readonly message: string
  readonly color: 'brightgreen' | 'red' | 'lightgrey'
}

const COLORS: Readonly<Record<Badge['color'], string>> = {
  brightgreen: '#2a7d2e',
  red: '#b3261e',
  lightgrey: '#5f6368',
}

/** The verdict of a report in a few words. A run of a part of the suite is no verdict. */
export function reportBadge({ totals, suite }: ConformanceReport): Badge {
  const { passed, failed } = totals
  const label = 'stowage contract'
  if (failed > 0) return { schemaVersion: 1, label, message: `${failed} failed`, color: 'red' }
  if (suite.leftOut > 0) {
    return { schemaVersion: 1, label, message: `partial, ${passed} passed`, color: 'lightgrey' }
  }
  return { schemaVersion: 1, label, message: `${passed} passed`, color: 'brightgreen' }
}

/** Pixels of a text in 11 px Verdana, near enough: `textLength` makes renderers keep to it. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += /[ijlt ,.]/.test(character) ? 4.5 : 7
  return Math.ceil(width)
}

/** The badge as an SVG image, which stands by itself. */
export function badgeSVG({ label, message, color }: Badge): string {
  const [left, right] = [widthOf(label) + 12, widthOf(message) + 12]
  const title = escapeHTML(`${label}: ${message}`)
  const text = (shown: string, x: number, width: number): string =>
    `<text x="${x + width / 2}" y="14" textLength="${width - 12}">${escapeHTML(shown)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<clipPath id="r"><rect width="${left + right}" height="20" rx="3"/></clipPath>`,
    `<g clip-path="url(#r)"><rect width="${left}" height="20" fill="#444"/>`,
    `<rect x="${left}" width="${right}" height="20" fill="${COLORS[color]}"/></g>`,
    '<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">',
    text(label, 0, left),
    text(message, left, right),
    '</g></svg>\n',
  ].join('')
}
