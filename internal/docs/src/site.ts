// Makes the documentation's site: the repository's pages and the reference from the doc comments, by TypeDoc.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { reportHTML } from '@stowage/testsuite'
import { Application, Logger, LogLevel, type TypeDocOptions } from 'typedoc'
import { reports } from './compatibility.ts'
import { destination, WEB } from './links.ts'
import { pages, readPage, root } from './markdown.ts'

/** Where the site is made, and what it is made of. */
export const site: string = join(import.meta.dirname, '../build/site')
const staging = join(import.meta.dirname, '../build/pages')

/** Packages with an interface for programs, in the order of the reference. */
const PACKAGES = [
  'core',
  'driver-fs',
  'driver-s3',
  'driver-azure',
  'driver-gcs',
  'driver-inmemory',
  'driver-kit',
  'middleware-cloudfront',
  'opentelemetry',
  'testsuite',
]

/** The parts of the site, in this order, and their pages. What is in none of them has no page. */
const PARTS: readonly (readonly [title: string, pages: readonly RegExp[]])[] = [
  [
    'Guides',
    [
      /^docs\/guides\/getting-started/,
      /^docs\/guides\/streaming/,
      /^docs\/guides\/errors/,
      /^docs\/guides\/configuration/,
      /^docs\/guides\/middleware/,
      /^docs\/guides\/testing/,
      /^docs\/guides\/operating/,
      /^docs\/guides\//,
      /^docs\/writing-a-driver/,
    ],
  ],
  ['Drivers', [/^packages\/driver-(?!kit)/, /^docs\/compatibility/]],
  ['Packages', [/^packages\//, /^examples\//]],
  ['Migration', [/^docs\/migration\//]],
  [
    'Background',
    [/^docs\/architecture/, /^docs\/contract/, /^docs\/(?!decisions)/, /^[A-Z]+\.md$/],
  ],
  ['Decisions', [/^docs\/decisions\//]],
]

/** The pages of the site in their order, each with its part. */
export function sitePages(): { page: string; part: string }[] {
  const left = new Set(pages().filter((page) => page !== 'README.md'))
  const found: { page: string; part: string }[] = []
  for (const [part, patterns] of PARTS) {
    for (const pattern of patterns) {
      for (const page of left) {
        if (!pattern.test(page)) continue
        left.delete(page)
        found.push({ page, part })
      }
    }
  }
  return found
}

/** Writes the pages with titles and parts, and with links that are right in the site. */
function stage(): string[] {
  rmSync(staging, { recursive: true, force: true })
  const all = sitePages()
  const known = new Set(['README.md', ...pictures(), ...all.map(({ page }) => page)])
  for (const { id, report } of reports()) write(`docs/conformance/${id}.html`, reportHTML(report))
  for (const { page, part } of [{ page: 'README.md', part: '' }, ...all]) {
    const { title, text } = readPage(page)
    const about = ['---', `title: ${JSON.stringify(title)}`, `group: ${part}`, '---', '']
    const body = relinked(page, withDecisions(text), known)
    // TypeDoc puts the project's name above the first page, and nothing above the others.
    write(page, part === '' ? body.replace(/^# .*\n+/m, '') : about.join('\n') + body)
  }
  for (const picture of pictures()) write(picture, readFileSync(join(root, picture), 'utf8'))
  write('icon.svg', ICON)
  return all.map(({ page }) => join(staging, page))
}

/** What pages show, which is part of the site as they are. */
function pictures(): string[] {
  return globSync('docs/**/*.svg', { cwd: root }).map((path) => path.replaceAll('\\', '/'))
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#0b57d0" d="M1 4l7-3 7 3-7 3zM1 8l7 3 7-3v4l-7 3-7-3z"/></svg>`

function write(path: string, content: string): void {
  const file = join(staging, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

/** Every decision in the list of them, which in the page itself may lack the newest. */
function withDecisions(text: string): string {
  const [before = '', after] = text.split('<!-- decisions -->')
  if (after === undefined) return text
  const all = pages().filter((page) => page.startsWith('docs/decisions/'))
  const lines = all.map((page) => {
    const [number, title] = readPage(page).title.split(': ')
    return `- [${number}](${posix.relative('docs', page)}): ${title}`
  })
  return `${before}${lines.join('\n')}\n`
}

function relinked(page: string, text: string, known: ReadonlySet<string>): string {
  return text.replace(/\]\(([^)\s]+)\)/g, (all, target: string) => {
    const { path, anchor } = destination(page, target)
    if (path === undefined || path === page) return all
    const place = path.replace(/^(docs\/conformance\/.*)\.json$/, '$1.html')
    const here = known.has(path) || place !== path
    const address = here ? posix.relative(posix.dirname(page), place) : `${WEB}/${path}`
    return `](${address}${anchor === undefined ? '' : `#${anchor}`})`
  })
}

const options = (documents: readonly string[]): TypeDocOptions => ({
  name: 'Stowage',
  entryPointStrategy: 'packages',
  entryPoints: PACKAGES.map((name) => join(root, 'packages', name)),
  packageOptions: {
    ...{ entryPoints: ['src/index.ts'], tsconfig: 'tsconfig.json', readme: 'none' },
    ...{ requiredToBeDocumented: ['Class', 'Interface', 'Function', 'TypeAlias', 'Variable'] },
    ...{
      skipErrorChecking: true,
      excludeInternal: true,
      validation: { notExported: false, notDocumented: true },
    },
    ...{ disableGit: true, sourceLinkTemplate: `${WEB}/{path}#L{line}` },
  },
  readme: join(staging, 'README.md'),
  favicon: join(staging, 'icon.svg'),
  projectDocuments: [...documents],
  out: site,
  basePath: root,
  ...{ disableGit: true, sourceLinkTemplate: `${WEB}/{path}#L{line}`, githubPages: false },
  ...{ hideGenerator: true, searchInComments: true, searchInDocuments: true, router: 'kind' },
  navigation: { includeGroups: true, includeCategories: false, compactFolders: false },
  locales: { en: { kind_plural_module: 'Reference', kind_module: 'Package' } },
  groupOrder: [...PARTS.map(([part]) => part), '*'],
  navigationLinks: { GitHub: WEB.replace('/blob/main', '') },
  validation: { invalidLink: true, invalidPath: true, notExported: false, notDocumented: false },
})

/** Keeps what TypeDoc warns of, and is quiet otherwise. */
class Complaints extends Logger {
  readonly all: string[] = []
  override log(message: string, level: LogLevel): void {
    if (level !== LogLevel.Warn && level !== LogLevel.Error) return
    // A member may say by its name and type all that there is to say; an exported name may not.
    const isMember = / \((?:CallSignature|Property)\), .* does not have any documentation/.test(
      message,
    )
    if (!isMember) this.all.push(message)
  }
}

/** Makes the site and returns what TypeDoc complained of. */
export async function buildSite(): Promise<string[]> {
  const documents = stage()
  rmSync(site, { recursive: true, force: true })
  const app = await Application.bootstrapWithPlugins(options(documents), [])
  const logger = new Complaints()
  app.logger = logger
  const project = await app.convert()
  if (project === undefined) return [...logger.all, 'the sources could not be read']
  app.validate(project)
  await app.generateDocs(project, site)
  return logger.all
}
