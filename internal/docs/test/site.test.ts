// The site as it is made: without complaints, and without links that lead nowhere.

import { globSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, posix } from 'node:path'
import { patient } from '@stowage-internal/jest-preset/patience'
import type { Browser } from 'playwright-core'
import { readPage, root } from '../src/markdown.ts'
import { buildSite, site } from '../src/site.ts'
import { findBrowser, NO_BROWSER, startBrowser, watch } from './helpers/browser.ts'

const found = findBrowser()
const describeInBrowser = found ? describe : describe.skip

const ids = new Map<string, ReadonlySet<string>>()
const files = new Set<string>()
let complaints: string[]

beforeAll(async () => {
  complaints = await buildSite()
  for (const file of globSync('**/*.*', { cwd: site })) files.add(file.replaceAll('\\', '/'))
  for (const file of files) {
    if (!file.endsWith('.html')) continue
    const html = readFileSync(join(site, file), 'utf8')
    ids.set(file, new Set([...html.matchAll(/\b(?:id|name)="([^"]*)"/g)].map(([, id = '']) => id)))
  }
}, patient(1_200_000))

it('TypeDoc has nothing to complain of', () => {
  expect(complaints).toEqual([])
})

it('has the pages, the reference and what is needed to search', () => {
  expect([...files]).toEqual(
    expect.arrayContaining([
      'index.html',
      'assets/search.js',
      'documents/Getting_started.html',
      'documents/_stowage_driver-s3.html',
      'documents/Architecture.html',
      'interfaces/_stowage_core.StorageDriver.html',
      'functions/_stowage_testsuite.registerSuite.html',
      'classes/_stowage_opentelemetry.StowageInstrumentation.html',
    ]),
  )
})

it('names every decision in the architecture', () => {
  const page = readFileSync(join(site, 'documents/Architecture.html'), 'utf8')
  const decisions = globSync('docs/decisions/*.md', { cwd: root })
  expect(decisions.length).toBeGreaterThan(10)
  for (const file of decisions) {
    const [number] = readPage(file.replaceAll('\\', '/')).title.split(': ')
    expect(page).toMatch(new RegExp(`<a [^>]*>${number}</a>`))
  }
})

it('no link in it leads nowhere', () => {
  const dead: string[] = []
  for (const file of ids.keys()) {
    const html = readFileSync(join(site, file), 'utf8')
    for (const [, target = ''] of html.matchAll(/\bhref="([^"]*)"/g)) {
      if (/^(?:[a-z]+:|\/\/)/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const joined = path === '' ? file : posix.join(posix.dirname(file), decodeURI(path))
      const other = posix.join(joined.endsWith('/') ? `${joined}index.html` : joined)
      const isThere =
        files.has(other) && (!anchor || ids.get(other)?.has(decodeURI(anchor)) !== false)
      if (!isThere) dead.push(`${file}: ${target}`)
    }
  }
  expect([...new Set(dead)]).toEqual([])
})

it('loads nothing from elsewhere', () => {
  const elsewhere = [...ids.keys()].flatMap((file) => {
    const html = readFileSync(join(site, file), 'utf8')
    return [...html.matchAll(/<(?:script|link|img)\b[^>]*\b(?:src|href)="(https?:[^"]*)"/g)].map(
      ([, address]) => `${file}: ${address}`,
    )
  })
  expect(elsewhere).toEqual([])
})

describeInBrowser(`in a browser (${found ?? NO_BROWSER})`, () => {
  const TYPES: Readonly<Record<string, string>> = {
    ...{
      '.html': 'text/html',
      '.js': 'text/javascript',
      '.css': 'text/css',
      '.svg': 'image/svg+xml',
    },
  }
  let browser: Browser
  let server: Server
  let address: string
  beforeAll(async () => {
    browser = await startBrowser(found ?? '')
    server = createServer((request, response) => {
      const file = join(site, decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname))
      try {
        const content = readFileSync(file)
        response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream')
        response.end(content)
      } catch {
        response.writeHead(404).end()
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    server.close()
    await browser.close()
  })

  it('leads from the first page to a guide, and its search to the reference', async () => {
    const page = await browser.newPage({ colorScheme: 'dark' })
    const seen = watch(page, /^(?:http:\/\/127\.0\.0\.1|data:)/)
    await page.goto(`${address}/index.html`)
    await page.locator('nav').getByText('Guides').first().click()
    await page.getByRole('link', { name: 'Getting started' }).first().click()
    await page.waitForURL(/Getting_started\.html/)
    expect(await page.locator('h1').first().textContent()).toContain('Getting started')
    await page.locator('#tsd-search-trigger').click()
    await page.locator('#tsd-search-input').pressSequentially('registerSuite')
    await page.locator('#tsd-search-results').getByText('registerSuite').first().waitFor()
    expect(seen).toEqual([])
    await page.close()
  })
})
