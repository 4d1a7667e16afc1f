// Finds and reads the repository's documentation.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import GithubSlugger from 'github-slugger'
import MarkdownIt, { type Token } from 'markdown-it'

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('../../../', import.meta.url))

/** What readers see; changelogs and changesets are made by tools. */
const PAGES = [
  '*.md',
  'docs/**/*.md',
  'packages/*/README.md',
  'examples/*/README.md',
  'internal/*/README.md',
]

/** Every page of documentation, as a path from the root with `/`, sorted. */
export function pages(): string[] {
  const found = PAGES.flatMap((pattern) => globSync(pattern, { cwd: root }))
  return found.map((path) => path.replaceAll('\\', '/')).sort()
}

/** A block of code in a page. */
export interface Block {
  readonly page: string
  /** The line of its first line of code, counted from 1. */
  readonly line: number
  readonly language: string
  readonly code: string
  /** What the comment `<!-- sample: ... -->` before it says. */
  readonly mark: string | undefined
}

/** A link or an image in a page. */
interface Link {
  readonly page: string
  readonly line: number
  readonly target: string
}

/** A page, read. */
export interface Page {
  readonly path: string
  readonly text: string
  /** The first heading. */
  readonly title: string
  readonly blocks: readonly Block[]
  readonly links: readonly Link[]
  /** The names that `#...` may have, as GitHub makes them of headings. */
  readonly anchors: ReadonlySet<string>
}

const parser = new MarkdownIt({ html: true, linkify: false })

export function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8')
  const tokens = parser.parse(text, {})
  const slugger = new GithubSlugger()
  const blocks: Block[] = []
  const links: Link[] = []
  const anchors = new Set<string>()
  let title = path
  let mark: string | undefined
  for (const [index, token] of tokens.entries()) {
    const line = (token.map?.[0] ?? 0) + 1
    if (token.type === 'fence') {
      const language = token.info.trim().split(/\s+/)[0] ?? ''
      blocks.push({ page: path, line: line + 1, language, code: token.content, mark })
    }
    if (token.type === 'heading_open') {
      const heading = plain(tokens[index + 1])
      if (token.tag === 'h1' && title === path) title = heading
      anchors.add(slugger.slug(heading))
    }
    mark = token.type === 'html_block' ? sampleMark(token.content) : undefined
    for (const child of token.children ?? []) {
      const target = child.attrGet('href') ?? child.attrGet('src')
      if (target !== null) links.push({ page: path, line, target })
    }
  }
  return { path, text, title, blocks, links, anchors }
}

function sampleMark(html: string): string | undefined {
  return /<!-- sample: (.*?)\s*-->\s*$/s.exec(html)?.[1]
}

function plain(token: Token | undefined): string {
  const parts = token?.children ?? []
  return parts.map(({ type, content }) => (type === 'html_inline' ? '' : content)).join('')
}
