// The conformance report's page as a real browser shows it.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { conformanceReport, suiteCases, writeReport } from '@stowage/testsuite'
import { TEST_MS } from '@stowage-internal/jest-preset/patience'
import type { Browser, Page } from 'playwright-core'
import { findBrowser, NO_BROWSER, startBrowser, watch } from './helpers/browser.ts'

const found = findBrowser()
const describeInBrowser = found ? describe : describe.skip

let browser: Browser
beforeAll(async () => {
  if (found) browser = await startBrowser(found)
})
afterAll(() => browser?.close())

const HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(2)>'

/** A report with all that can be in one, by way of the file that users open. */
async function writePage(folder: string): Promise<string> {
  const results = suiteCases.map(({ id, area, title }, index) => {
    const about = { id, area, title, ms: index }
    if (index === 3)
      return { ...about, status: 'failed' as const, error: new Error(`zebra ${HOSTILE}`) }
    if (index % 10 === 5) return { ...about, status: 'skipped' as const, reason: HOSTILE }
    return { ...about, status: 'passed' as const }
  })
  const count = (status: string) => results.filter((one) => one.status === status).length
  const report = conformanceReport(
    {
      ...{ name: HOSTILE, seed: 1, size: 'quick', results },
      ...{ passed: count('passed'), failed: 1, skipped: count('skipped') },
    },
    {
      options: { name: HOSTILE, open: () => Promise.reject(new Error('not opened')) },
      driver: { name: HOSTILE, capabilities: { persistent: true, append: false } as never },
      ...{ startedAt: new Date(), durationMs: 65_000, server: { name: HOSTILE, header: HOSTILE } },
    },
  )
  const files = await writeReport(folder, report)
  return pathToFileURL(files.find((file) => file.endsWith('.html')) ?? '').href
}

describeInBrowser(`the page of a report (${found ?? NO_BROWSER})`, () => {
  let folder: string
  let url: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stowage-page-'))
    url = await writePage(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function open(scheme: 'light' | 'dark' = 'light'): Promise<{ page: Page; seen: string[] }> {
    const page = await browser.newPage({ colorScheme: scheme })
    page.setDefaultTimeout(TEST_MS)
    const seen = watch(page, /^(?:file:.*\/index\.html|data:image\/svg)/)
    await page.goto(url)
    return { page, seen }
  }
  const rows = (page: Page): Promise<number> => page.locator('tr[data-status]:visible').count()

  it('shows every case, loads nothing, and runs nothing that stands in the report', async () => {
    const { page, seen } = await open()
    expect(await rows(page)).toBe(suiteCases.length)
    expect(await page.locator('h1').textContent()).toContain('<script>alert(1)')
    expect(await page.locator('main img').count()).toBe(0)
    expect(seen).toEqual([])
    await page.close()
  })

  it('finds cases by words and by status, and says how many', async () => {
    const { page } = await open()
    const search = page.getByRole('searchbox')
    await search.fill('ZEBRA img')
    expect(await rows(page)).toBe(1)
    expect(await page.getByRole('status').textContent()).toBe(`1 of ${suiteCases.length} cases`)
    await search.fill('')
    await page.getByRole('checkbox', { name: /passed/ }).uncheck()
    await page.getByRole('checkbox', { name: /skipped/ }).uncheck()
    expect(await rows(page)).toBe(1)
    expect(await page.locator('tbody[data-area]:visible').count()).toBe(1)
    await page.getByRole('button', { name: 'Reset' }).click()
    // The fields are empty a moment after the click.
    const all = `${suiteCases.length} of ${suiteCases.length} cases`
    await page.getByRole('status').filter({ hasText: all }).waitFor()
    expect(await rows(page)).toBe(suiteCases.length)
    await page.close()
  })

  it.each(['light', 'dark'] as const)('has nothing that axe objects to, %s', async (scheme) => {
    const { page } = await open(scheme)
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    // By the debugger, which the page's own policy does not bind.
    const violations = await page.evaluate(`(async () => {
      ${axe}
      const { violations } = await axe.run()
      return violations.map(({ id, nodes }) => id + ': ' + nodes.length + ' ' + nodes[0].html)
    })()`)
    expect(violations).toEqual([])
    await page.close()
  })

  it('is whole without its script, narrow, and on paper', async () => {
    const context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 360, height: 700 },
    })
    const page = await context.newPage()
    await page.goto(url)
    expect(await rows(page)).toBe(suiteCases.length)
    expect(await page.getByRole('searchbox').isVisible()).toBe(false)
    const wide = await page.evaluate('document.documentElement.scrollWidth')
    expect(wide).toBeLessThanOrEqual(360)
    await context.close()
    const { page: printed } = await open()
    await printed.emulateMedia({ media: 'print' })
    expect(await printed.locator('form').isVisible()).toBe(false)
    expect(await rows(printed)).toBe(suiteCases.length)
    expect((await printed.pdf()).length).toBeGreaterThan(10_000)
    await printed.close()
  })
})
