import type { Driver } from '@stowage/core/driver'
import { type Runner, registerHostileSuite } from '@stowage/testsuite'
import { collected, failures } from '../src/collected.ts'
import { change, changePaths, listOf } from '../src/delegate.ts'
import { Storages } from '../src/healthy.ts'
import type { Saboteur } from '../src/saboteur.ts'

const renames = (name: (path: string) => string) => (bare: Driver) => changePaths(bare, name)

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** What systems do to names, and what is wrong with it. */
const MANGLERS: Readonly<Record<string, (bare: Driver) => Driver>> = {
  'composes letters': renames((path) => path.normalize('NFC')),
  'folds compatibility characters': renames((path) => path.normalize('NFKC')),
  'ignores case': renames((path) => path.toLowerCase()),
  'decodes percent signs': renames(decoded),
  'takes a backslash for a slash': renames((path) => path.replaceAll('\\', '/')),
  'drops final dots and blanks': renames((path) => path.replace(/[. ]+(?=\/|$)/g, '') || '/x'),
  'cuts a query off': renames((path) => path.replace(/(?<=.)[?#].*$/s, '')),
  'cuts names after 200 characters': renames((path) => path.replace(/([^/]{200})[^/]+/g, '$1')),
  'cuts paths after 1000 characters': renames((path) => path.slice(0, 1000)),
  'takes plus for a blank': renames((path) => path.replaceAll('+', ' ')),
  'replaces what is beyond 16 bits': renames((path) =>
    path.replace(/[\u{10000}-\u{10ffff}]/gu, '\ufffd'),
  ),
  'drops what does not print': renames((path) => path.replace(/\p{Cf}/gu, '') || '/x'),
  'hides names with a dot in front': (bare) =>
    change(bare, {
      async *list(path, options) {
        for await (const key of listOf(bare, path, options)) {
          if (!/\/\.[^/]*\/?$/.test(key)) yield key
        }
      },
    }),
  'loses a member of every object': (bare) => {
    const refused = ['__proto__', 'constructor']
    return change(bare, {
      async putContent(path, bytes, options) {
        if (!refused.some((name) => path.includes(name)))
          await bare.putContent(path, bytes, options)
      },
    })
  },
}

function tests(saboteur: Partial<Saboteur>): (() => Promise<void>)[] {
  const storages = new Storages(saboteur)
  return collected((runner: Runner) =>
    registerHostileSuite({
      name: saboteur.id ?? 'healthy',
      open: (storage) => storages.open(storage),
      remove: (storage) => storages.remove(storage),
      ...{ seed: 5, runner, count: 3000, stored: 600 },
    }),
  )
}

it.each(['full', 'keys', 'bare'] as const)('the healthy driver (%s) passes', async (on) => {
  expect(await failures(tests({ on }))).toEqual([])
})

it.each(Object.entries(MANGLERS))('the corpus finds a driver that %s', async (id, storage) => {
  expect(await failures(tests({ id, storage }))).not.toEqual([])
})

it('the corpus finds a driver whose base checks no path', async () => {
  const finished: Saboteur['finished'] = (driver, bare) =>
    change(driver, {
      putContent: (path, content) => bare.putContent(path, Buffer.from(content), {}),
    })
  const [message] = await failures(tests({ id: 'unchecked', finished }))
  expect(message).toMatch(/putContent accepts '/)
})
