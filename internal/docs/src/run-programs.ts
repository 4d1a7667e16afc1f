// Runs programs made of samples, one after the other in this process, each in a folder of its own, and writes what
// each came to into results.json. Arguments: the programs' folder, a folder to work in, the programs' names.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { patient } from '@stowage-internal/jest-preset/patience'

/** Directories that samples name; in their place they get one in their own folder. */
const PLACES = /(\w:\/\/)?\/(var\/data|var\/lib\/registry)\b/g
const LIMIT_MS = patient(600_000)

/** What samples take for granted. */
process.env.KEY = Buffer.from('a key for a sample').toString('base64')

const [folder = '', work = '', ...names] = process.argv.slice(2)
const results: Record<string, { error: string | undefined; said: string[] }> = {}
for (const name of names) {
  const place = join(work, name)
  mkdirSync(place, { recursive: true })
  process.chdir(place)
  writeFileSync('package.json', '{}')
  const file = join(folder, `run-${name}`)
  const source = readFileSync(join(folder, name), 'utf8')
  const here = source.replace(PLACES, (_all, scheme = '', path: string) => {
    const local = join(place, path).replaceAll('\\', '/')
    return scheme === '' || local.startsWith('/') ? scheme + local : `${scheme}/${local}`
  })
  writeFileSync(file, here)
  const said: string[] = []
  const tell = (...values: unknown[]): void => void said.push(values.map(String).join(' '))
  Object.assign(console, { log: tell, error: tell, warn: tell })
  const timer = new AbortController()
  const late = wait(LIMIT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`it did not end within ${LIMIT_MS} ms`)
  })
  late.catch(() => {})
  let error: string | undefined
  try {
    await Promise.race([import(pathToFileURL(file).href), late])
  } catch (caught) {
    error = (caught as Error | undefined)?.stack ?? String(caught)
  }
  timer.abort()
  results[name] = { error, said }
}
writeFileSync(join(work, 'results.json'), JSON.stringify(results))
// Samples need not clean up behind themselves: what they left open ends here.
process.exit(0)
