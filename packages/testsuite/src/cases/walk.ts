import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { byteOrder, type CaseContext, keyOf, paths } from '../context.ts'

const NAMES = ['a', 'a-', 'a.b', 'a0', 'b', 'C', '-', '.x', '_', '0', 'a-b', 'ab']

/** What a walk of `/` has to report for these files. */
export function expectedKeys(files: readonly string[]): string[] {
  const keys = new Set<string>()
  for (const file of files) {
    keys.add(file)
    for (let cut = file.indexOf('/', 1); cut > 0; cut = file.indexOf('/', cut + 1)) {
      keys.add(file.slice(0, cut + 1))
    }
  }
  return [...keys].sort(byteOrder)
}

/** A tree in which no path is a file and a directory. */
function randomTree(t: CaseContext, label: string, count: number): string[] {
  const random = t.random(label)
  const name = (): string => NAMES[random(NAMES.length)] ?? 'a'
  const files = new Set<string>()
  for (let i = 0; i < count; i++) {
    const depth = 1 + random(4)
    files.add(`/${Array.from({ length: depth }, name).join('/')}`)
  }
  const directories = new Set(expectedKeys([...files]).filter((key) => key.endsWith('/')))
  return [...files].filter((file) => !directories.has(`${file}/`))
}

const TREE = ['/d/a-b', '/d/a/1', '/d/a/2/x', '/d/a/2/y', '/d/a/3', '/d/a0', '/d/b/z', '/e']

/** A walk of `/` that leaves out what is beneath the directories named. */
async function walkedWithout(t: CaseContext, skip: (key: string) => boolean): Promise<string[]> {
  const found: string[] = []
  const walk = t.driver.walk('/')
  for await (const info of walk) {
    found.push(keyOf(info))
    assert.ok(found.length < 10_000, 'the walk has no end')
    if (skip(keyOf(info))) walk.skipDir()
  }
  return found
}

export const walk: readonly Case[] = area('walk', [
  {
    id: 'order',
    title: 'a walk reports everything once, in the byte order of keys, a directory first',
    run: async (t) => {
      await t.putAll(TREE)
      assert.deepEqual(await t.walked('/'), expectedKeys(TREE))
      assert.deepEqual(await t.walked('/d/a'), [
        '/d/a/1',
        '/d/a/2/',
        '/d/a/2/x',
        '/d/a/2/y',
        '/d/a/3',
      ])
    },
  },
  {
    id: 'entries',
    title: 'a walk reports path, size and kind as stat does',
    run: async (t) => {
      await t.put('/d/empty', 0)
      await t.put('/d/file', 300)
      await t.put('/d/sub/file', 7)
      for await (const info of t.driver.walk('/')) {
        const { path, size, isDir, modTime } = await t.driver.stat(info.path)
        assert.deepEqual([info.path, info.size, info.isDir], [path, size, isDir])
        // Some backends list with milliseconds and answer a stat with seconds.
        const apart = Math.abs(info.modTime.getTime() - modTime.getTime())
        if (!isDir) assert.ok(apart < 1000, `the times of ${path} are ${apart} ms apart`)
      }
    },
  },
  {
    id: 'random-trees',
    title: 'a walk of any tree is in order, whatever names stand next to a slash',
    run: async (t) => {
      const rounds = t.settings.size === 'full' ? 20 : 3
      for (let i = 0; i < rounds; i++) {
        const files = randomTree(t, `tree ${i}`, 60).map((path) => `/t${i}${path}`)
        await t.putAll(files)
        const keys = expectedKeys(files).filter((key) => key !== `/t${i}/`)
        assert.deepEqual(await t.walked(`/t${i}`), keys)
      }
    },
  },
  {
    id: 'missing',
    title: 'a walk of nothing or of a file is PathNotFoundError at the first step',
    run: async (t) => {
      await t.putAll(['/dir/file', '/dir-1/file', '/dir.1'])
      for (const path of ['/none', '/dir/file', '/di', '/dir/file/x', '/dir/none']) {
        const steps = t.driver.walk(path)[Symbol.asyncIterator]()
        await t.rejects(steps.next(), 'PATH_NOT_FOUND', { path })
      }
    },
  },
  {
    id: 'pages',
    title: 'a walk over more than two pages loses and repeats nothing',
    run: async (t) => {
      const { pageSize } = t.settings
      const count = Math.ceil(2.5 * pageSize)
      const files = Array.from({ length: count }, (_, i) => `/d/${i % 5}/${i % 2 ? 'x/' : ''}f${i}`)
      await t.putAll(files)
      assert.deepEqual(await t.walked('/'), expectedKeys(files))
    },
  },
  {
    id: 'skip-directory',
    title: 'skipDir leaves out what is beneath the directory, not its siblings',
    run: async (t) => {
      await t.putAll(TREE)
      const without = (key: string): string[] =>
        expectedKeys(TREE).filter((other) => other === key || !other.startsWith(key))
      for (const key of ['/d/', '/d/a/', '/d/a/2/', '/d/b/']) {
        assert.deepEqual(await walkedWithout(t, (other) => other === key), without(key))
      }
    },
  },
  {
    id: 'skip-every-directory',
    title: 'skipDir on every directory leaves the children of the start',
    run: async (t) => {
      await t.putAll(TREE)
      assert.deepEqual(await walkedWithout(t, (key) => key.endsWith('/')), ['/d/', '/e'])
    },
  },
  {
    id: 'skip-file',
    title: 'skipDir after a file does nothing',
    run: async (t) => {
      await t.putAll(TREE)
      const found = await walkedWithout(t, (key) => !key.endsWith('/'))
      assert.deepEqual(found, expectedKeys(TREE))
    },
  },
  {
    id: 'skip-large',
    title: 'skipDir jumps over a directory of many pages',
    run: async (t) => {
      const inside = Array.from({ length: 2 * t.settings.pageSize + 3 }, (_, i) => `/d/big/${i}`)
      const rest = ['/d/a', '/d/big-', '/d/big0', '/d/c/x']
      await t.putAll([...inside, ...rest])
      const found = await walkedWithout(t, (key) => key === '/d/big/')
      assert.deepEqual(
        found,
        expectedKeys([...rest, '/d/big/0']).filter((key) => key !== '/d/big/0'),
      )
    },
  },
  {
    id: 'break',
    title: 'who has seen enough may stop, and nothing more is reported',
    run: async (t) => {
      await t.putAll(TREE)
      for (const [i, key] of expectedKeys(TREE).entries()) {
        let count = 0
        for await (const info of t.driver.walk('/')) {
          count++
          if (keyOf(info) === key) break
        }
        assert.equal(count, i + 1)
      }
    },
  },
  {
    id: 'callers-error',
    title: "an error of the caller's loop is the caller's own",
    run: async (t) => {
      await t.putAll(TREE)
      const mine = new Error('mine')
      const walking = async (): Promise<void> => {
        for await (const _ of t.driver.walk('/')) throw mine
      }
      assert.equal(await walking().catch((error: unknown) => error), mine)
    },
  },
  {
    id: 'once',
    title: 'a walk can be iterated once',
    run: async (t) => {
      await t.put('/file')
      const walking = t.driver.walk('/')
      assert.equal((await paths(walking)).length, 1)
      await assert.rejects(async () => paths(walking), { name: 'TypeError' })
    },
  },
  {
    id: 'vanishing',
    title: 'entries that vanish during a walk are left out, and only they',
    run: async (t) => {
      const stays = ['/d/a/stays', '/d/c/stays', '/d/z']
      await t.putAll([...stays, '/d/b/1', '/d/b/2', '/d/c/goes', '/d/goes'])
      const found: string[] = []
      for await (const info of t.driver.walk('/')) {
        found.push(keyOf(info))
        if (found.length > 1) continue
        for (const path of ['/d/b', '/d/c/goes', '/d/goes']) await t.driver.delete(path)
      }
      for (const key of expectedKeys(stays)) assert.ok(found.includes(key), `${key} is reported`)
      assert.deepEqual(found, [...found].sort(byteOrder))
    },
  },
  {
    id: 'appearing',
    title: 'entries that appear during a walk do not disturb it',
    run: async (t) => {
      await t.putAll(TREE)
      const found: string[] = []
      for await (const info of t.driver.walk('/')) {
        found.push(keyOf(info))
        await t.put(`/d/a/2/new${found.length}`)
        if (found.length > 100) break
      }
      assert.deepEqual(found, [...new Set(found)].sort(byteOrder), 'in order, each once')
      for (const key of expectedKeys(TREE)) assert.ok(found.includes(key), `${key} is reported`)
    },
  },
])
