// A real browser, where the machine has one.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'msedge']
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** Why tests are skipped. */
export const NO_BROWSER =
  'skipped: no Chromium, Chrome or Edge here; install one or set STOWAGE_TEST_BROWSER'

/** A browser of the Chromium family: that of STOWAGE_TEST_BROWSER, on PATH, or where installers put it. */
export function findBrowser(): string | undefined {
  const { STOWAGE_TEST_BROWSER: given, PATH = '' } = process.env
  if (given) return given
  const onPath = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return [...onPath, ...ELSEWHERE].find(canRun)
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export function startBrowser(executablePath: string): Promise<Browser> {
  // As root, which containers are, there is no sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, args })
}

/** What a page did that it should not: requests to elsewhere, messages in the console, dialogs. */
export function watch(page: Page, own: RegExp): string[] {
  const seen: string[] = []
  page.on('request', (request) => {
    if (!own.test(request.url())) seen.push(`request: ${request.url().slice(0, 100)}`)
  })
  page.on('console', (message) => void seen.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => void seen.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    seen.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return seen
}
