// Links between pages, to files and to headings.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { destination } from '../src/links.ts'
import { pages, readPage, root } from '../src/markdown.ts'
import { sitePages } from '../src/site.ts'

const all = new Map(pages().map((page) => [page, readPage(page)]))
const links = [...all.values()].flatMap((page) => page.links)

it('there are pages and links', () => {
  expect(all.size).toBeGreaterThan(30)
  expect(links.length).toBeGreaterThan(80)
})

it('every link leads to a file that is there', () => {
  const dead = links.flatMap(({ page, line, target }) => {
    const { path } = destination(page, target)
    return path === undefined || existsSync(join(root, path)) ? [] : [`${page}:${line}: ${target}`]
  })
  expect(dead).toEqual([])
})

it('every link to a heading leads to one that is there', () => {
  const dead = links.flatMap(({ page, line, target }) => {
    const { path, anchor } = destination(page, target)
    const other = path === undefined || anchor === undefined ? undefined : all.get(path)
    return other === undefined || other.anchors.has(anchor ?? '')
      ? []
      : [`${page}:${line}: ${target}`]
  })
  expect(dead).toEqual([])
})

it('every page is in the site', () => {
  const shown = new Set(sitePages().map(({ page }) => page))
  const missing = [...all.keys()].filter(
    (page) => page !== 'README.md' && !page.startsWith('internal/') && !shown.has(page),
  )
  expect(missing).toEqual([])
})

it('no page has what a merge left behind', () => {
  const left = [...all.keys()].filter((page) =>
    /^(<<<<<<<|>>>>>>>) /m.test(readFileSync(join(root, page), 'utf8')),
  )
  expect(left).toEqual([])
})
