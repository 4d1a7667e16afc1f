// A directory that becomes a link to somewhere else before any of the calls that Node.js makes, those that open handles
// included: nothing outside is read, listed, changed or removed. Then the same by an attacker who swaps all the time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { throughHandles } from '../src/beneath.ts'
import { FsDriver } from '../src/driver.ts'
import type { FileSystem } from '../src/file-system.ts'
import { CONFINES, plainFileSystem } from '../src/node-file-system.ts'
import { thisProcess } from '../src/owner.ts'
import { parse } from '../src/parameters.ts'
import { stagedName } from '../src/staged-name.ts'
import { playground } from './explore/kills.ts'
import { wrapped } from './explore/wrap.ts'
import { collect } from './recording.ts'

const SECRET = 'not of this storage'
const LEAK = /not of this storage|secret/
const OLD = { started: 1_700_000_000_000_000, id: '0123456789abcdef', durable: 0 }
const IDLE = stagedName({ ...OLD, state: 'idle' })
const DEAD = stagedName({ ...OLD, state: 'temp', owner: { ...thisProcess(), start: '1' } })

/** What lies outside has the same names as what is inside, and more. */
const FILES = ['file', 'secret', 'sub/file', 'sub/secret', IDLE, DEAD]

interface Scene {
  readonly root: string
  readonly outside: string
}

/** In memory: there are thousands of them. */
function scene(): Scene & { remove(): void } {
  const { root, remove } = playground()
  const outside = join(dirname(root), 'outside')
  for (const [at, text, names] of [
    [join(root, 'dir'), 'inside', ['file', 'sub/file']],
    [outside, SECRET, FILES],
    [join(root, '.stowage/uploads/dir/file/.stowage'), 'inside', [IDLE]],
    [join(root, '.stowage/temporary'), 'inside', [DEAD]],
    [join(root, '.stowage/marks'), '/dir', [DEAD]],
  ] as const) {
    mkdirSync(join(at, 'sub'), { recursive: true })
    for (const name of names) writeFileSync(join(at, name), text)
  }
  writeFileSync(join(root, 'other'), 'inside')
  return { root, outside, remove }
}

/** Puts a link to the outside in the place of a directory of the root. */
function swap({ root, outside }: Scene, directory: string): void {
  renameSync(join(root, directory), join(root, 'aside'))
  symlinkSync(outside, join(root, directory))
}

/** Everything in a folder with its content; links are not followed. */
function seen(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return [path, ...seen(path)]
      return entry.isFile() ? [`${path}: ${readFileSync(path, 'latin1')}`] : [path]
    })
    .sort()
}

const text = async (stream: AsyncIterable<Uint8Array>): Promise<string> =>
  Buffer.concat(await collect(stream)).toString()

/** Everything that the storage does, as what callers get. */
const OPERATIONS: Readonly<Record<string, (storage: StorageDriver) => Promise<unknown>>> = {
  getContent: async (storage) => String(await storage.getContent('/dir/secret')),
  'getContent, same name': async (storage) => String(await storage.getContent('/dir/file')),
  reader: async (storage) => await text(await storage.reader('/dir/sub/secret')),
  stat: (storage) => storage.stat('/dir/secret'),
  'stat of a directory': (storage) => storage.stat('/dir/sub'),
  list: (storage) => collect(storage.list('/dir')),
  walk: (storage) => collect(storage.walk('/')),
  putContent: (storage) => storage.putContent('/dir/new', 'new'),
  'putContent, deep': (storage) => storage.putContent('/dir/made/deep/new', 'new'),
  'upload and commit': async (storage) => {
    const writer = await storage.writer('/dir/sub/file')
    await writer.write(Buffer.from('new'))
    await writer.commit()
  },
  'append and commit': async (storage) => {
    const writer = await storage.writer('/dir/file', { append: true })
    await writer.write(Buffer.from('new'))
    await writer.close()
    const again = await storage.writer('/dir/file', { append: true })
    await again.commit()
    return String(await storage.getContent('/dir/file'))
  },
  cancel: async (storage) => {
    const writer = await storage.writer('/dir/file', { append: true })
    await writer.cancel()
  },
  'move out': (storage) => storage.move('/dir/file', '/moved'),
  'move of a secret': (storage) => storage.move('/dir/secret', '/moved'),
  'move in': (storage) => storage.move('/other', '/dir/file'),
  'move of a directory': (storage) => storage.move('/dir/sub', '/moved'),
  'move of all': (storage) => storage.move('/dir', '/moved/here'),
  'move deep in': (storage) => storage.move('/other', '/dir/sub/more'),
  'delete of a file': (storage) => storage.delete('/dir/secret'),
  'delete of a directory': (storage) => storage.delete('/dir/sub'),
  'delete of all': (storage) => storage.delete('/dir'),
  purgeUploads: (storage) =>
    storage.purgeUploads('/', { olderThan: new Date(Date.now() + 60_000) }),
}

/** Directories that are swapped: those of staging matter to what uses it. */
const VISIBLE = ['dir', 'dir/sub']
const UPLOADS = ['.stowage', '.stowage/uploads', '.stowage/uploads/dir/file/.stowage']
function placesOf(name: string): string[] {
  if (name.startsWith('putContent')) return ['dir', '.stowage', '.stowage/temporary']
  if (/^(upload|append|cancel|delete)/.test(name)) return [...VISIBLE, ...UPLOADS]
  return name === 'purgeUploads' ? [...UPLOADS, '.stowage/marks', 'dir'] : VISIBLE
}

/** With a swap before the n-th call; what is wrong then, or undefined where there are fewer calls. */
async function swapped(
  name: string,
  place: string,
  at: number,
  confine: (system: FileSystem) => FileSystem,
): Promise<string[] | undefined> {
  const here = scene()
  const before = seen(here.outside)
  let calls = 0
  let during = ''
  const hooked = wrapped(plainFileSystem, (call, args, make) => {
    if (calls++ === at) {
      during = `${call} ${args.filter((arg) => typeof arg === 'string').join(' -> ')}`
      swap(here, place)
    }
    return make(...args)
  })
  const settings = parse({ rootDirectory: here.root, durability: 'none', chunkSize: 4096 })
  const storage = toStorageDriver(new FsDriver(settings, { system: confine(hooked) }))
  const result = await OPERATIONS[name]?.(storage).catch(() => undefined)
  if (calls <= at) {
    here.remove()
    return undefined
  }
  const where = `${name}, ${place} swapped before call ${at}: ${during}`
  const wrong: string[] = []
  if (seen(here.outside).join('\n') !== before.join('\n')) wrong.push(`${where}: changed outside`)
  const given = JSON.stringify(result) ?? ''
  if (LEAK.test(given)) wrong.push(`${where}: gave ${given}`)
  if (seen(here.root).some((line) => line.includes(SECRET))) wrong.push(`${where}: took it in`)
  here.remove()
  return wrong
}

const itConfined = CONFINES ? it : it.skip
if (!CONFINES) console.warn('skipped: swapped directories, which only Linux with /proc can tell')

const cases = Object.keys(OPERATIONS).flatMap((name) =>
  placesOf(name).map((place) => [name, place] as const),
)

describe('a directory that is swapped for a link in the middle of a call', () => {
  itConfined.each(cases)('%s, %s', async (name, place) => {
    const wrong: string[] = []
    for (let at = 0; ; at++) {
      const found = await swapped(name, place, at, throughHandles)
      if (found === undefined) break
      wrong.push(...found)
    }
    expect(wrong).toEqual([])
  })

  it('would lead out of the root without handles', async () => {
    const wrong: string[] = []
    for (const name of ['putContent', 'delete of a file', 'list', 'getContent', 'move out']) {
      for (let at = 0; ; at++) {
        const found = await swapped(name, 'dir', at, (system) => system)
        if (found === undefined) break
        if (found.length > 0) wrong.push(name)
      }
    }
    expect([...new Set(wrong)]).toEqual(
      expect.arrayContaining(['putContent', 'delete of a file', 'list']),
    )
  })
})

/** Swaps a directory and a link to the outside, in a process of its own, until it is killed. */
const ATTACKER = `
  const { renameSync, symlinkSync, unlinkSync } = require('node:fs')
  const [root, outside] = process.argv.slice(1)
  console.log('begun')
  for (;;) {
    renameSync(root + '/dir', root + '/aside')
    symlinkSync(outside, root + '/dir')
    unlinkSync(root + '/dir')
    renameSync(root + '/aside', root + '/dir')
  }`

itConfined(
  'a process that swaps a directory and a link all the time leads nothing out',
  async () => {
    const { root, outside, remove } = scene()
    const before = seen(outside)
    const storage = toStorageDriver(
      new FsDriver(parse({ rootDirectory: root, durability: 'none' })),
    )
    const attacker = spawn(process.execPath, ['-e', ATTACKER, root, outside])
    const ended = once(attacker, 'close')
    try {
      await once(attacker.stdout, 'data')
      const names = Object.keys(OPERATIONS).filter((name) => name !== 'move of all')
      for (let round = 0; round < 40; round++) {
        for (const path of ['/dir/file', '/dir/sub/file', '/other']) {
          await storage.putContent(path, 'inside').catch(() => {})
        }
        for (const name of names) {
          const given = await OPERATIONS[name]?.(storage).catch(() => undefined)
          expect([name, JSON.stringify(given) ?? '']).toEqual([
            name,
            expect.not.stringMatching(LEAK),
          ])
        }
        expect(seen(outside)).toEqual(before)
      }
    } finally {
      attacker.kill('SIGKILL')
      await ended
      remove()
    }
  },
)
