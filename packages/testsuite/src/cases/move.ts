import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { byteOrder, type CaseContext, paths } from '../context.ts'

const TREE = ['/s/1', '/s/a/2', '/s/a/b/3', '/s/a-b', '/s/a.b/4']

/** The tree of `/s`, stored there, is now beneath the other path, and nothing else is. */
async function holdsTree(t: CaseContext, at: string): Promise<void> {
  for (const path of TREE) await t.holds(at + path.slice(2), t.data(path))
  const files = (await t.walked(at)).filter((key) => !key.endsWith('/'))
  const expected = TREE.map((path) => at + path.slice(2))
  assert.deepEqual(files, expected.sort(byteOrder))
}

async function exists(t: CaseContext, path: string): Promise<boolean> {
  return t.driver.stat(path).then(
    () => true,
    (error: { code?: string }) => {
      if (error.code === 'PATH_NOT_FOUND') return false
      throw error
    },
  )
}

export const move: readonly Case[] = area('move', [
  {
    id: 'file',
    title: 'move takes a file along, and nothing is left behind',
    original: ['T27'],
    run: async (t) => {
      const data = await t.put('/a/source')
      await t.driver.move('/a/source', '/b/c/destination')
      await t.holds('/b/c/destination', data)
      await t.isMissing('/a/source')
      assert.deepEqual(await t.walked('/'), ['/b/', '/b/c/', '/b/c/destination'])
    },
  },
  {
    id: 'overwrite',
    title: 'move replaces a file at the destination, a longer and a shorter one',
    original: ['T28'],
    run: async (t) => {
      for (const size of [64, 8, 0]) {
        await t.put('/destination', size)
        const data = await t.put('/source', 32)
        await t.driver.move('/source', '/destination')
        await t.holds('/destination', data)
        await t.isMissing('/source')
      }
    },
  },
  {
    id: 'missing',
    title: 'move of nothing is PathNotFoundError and leaves the destination as it was',
    original: ['T29'],
    run: async (t) => {
      const data = await t.put('/destination')
      await t.putAll(['/source-1', '/source1/x', '/sourc'])
      const before = await t.walked('/')
      for (const destination of ['/destination', '/new/place']) {
        const moving = t.driver.move('/source', destination)
        await t.rejects(moving, 'PATH_NOT_FOUND', { path: '/source' })
      }
      await t.holds('/destination', data)
      assert.deepEqual(await t.walked('/'), before)
    },
  },
  {
    id: 'beneath-file',
    title: 'move of a path beneath a file fails and changes nothing',
    original: ['T30'],
    run: async (t) => {
      const data = await t.put('/notadir')
      const moving = t.driver.move('/notadir/foo', '/notadir/bar')
      await t.rejects(moving, ['PATH_NOT_FOUND', 'INVALID_PATH'])
      await t.holds('/notadir', data)
      assert.deepEqual(await t.walked('/'), ['/notadir'])
    },
  },
  {
    id: 'onto-itself',
    title: 'move onto itself loses nothing; of nothing it is PathNotFoundError',
    run: async (t) => {
      const data = await t.put('/dir/file', t.settings.partSize + 1)
      await t.driver.move('/dir/file', '/dir/file')
      await t.driver.move('/dir', '/dir')
      await t.holds('/dir/file', data)
      await t.rejects(t.driver.move('/none', '/none'), 'PATH_NOT_FOUND', { path: '/none' })
    },
  },
  {
    id: 'sizes',
    title: 'move takes files of every size along, empty ones too',
    run: async (t) => {
      const { partSize } = t.settings
      for (const size of [0, 1, partSize - 1, partSize, partSize + 1, 4 * partSize + 3]) {
        const data = t.data('/source', size)
        await t.commit('/source', data)
        await t.driver.move('/source', '/dir/destination')
        await t.holds('/dir/destination', data)
        await t.isMissing('/source')
      }
    },
  },
  {
    id: 'large',
    title: 'move takes a large file along',
    run: async (t) => {
      const size = t.settings.size === 'full' ? 64 * 2 ** 20 : 4 * 2 ** 20
      const data = t.data('/source', size)
      await t.commit('/source', data)
      await t.driver.move('/source', '/destination')
      await data.verify(await t.driver.reader('/destination'))
      await t.isMissing('/source')
    },
  },
  {
    id: 'siblings',
    title: 'move of a file leaves siblings that share a prefix alone',
    run: async (t) => {
      const rest = ['/d/f-1', '/d/f.1', '/d/f1', '/d/fx/y', '/d/g1', '/d/g-/x']
      await t.putAll(['/d/f', ...rest])
      await t.driver.move('/d/f', '/d/g')
      for (const path of rest) await t.holds(path, t.data(path))
      await t.holds('/d/g', t.data('/d/f'))
      await t.isMissing('/d/f')
    },
  },
  {
    id: 'directory',
    title: 'move takes a directory along with all that is beneath it',
    run: async (t) => {
      await t.putAll([...TREE, '/s-1/x', '/s1'])
      await t.driver.move('/s', '/new/place')
      await holdsTree(t, '/new/place')
      await t.rejects(t.driver.stat('/s'), 'PATH_NOT_FOUND', { path: '/s' })
      for (const path of TREE) await t.isMissing(path)
      await t.holds('/s-1/x', t.data('/s-1/x'))
      await t.holds('/s1', t.data('/s1'))
    },
  },
  {
    id: 'directory-replaces',
    title: 'a moved directory replaces the one at the destination exactly',
    run: async (t) => {
      await t.putAll([...TREE, '/d/1', '/d/old', '/d/a/old', '/d/z/old', '/d-1', '/d1/x'])
      await t.driver.move('/s', '/d')
      await holdsTree(t, '/d')
      await t.holds('/d-1', t.data('/d-1'))
      await t.holds('/d1/x', t.data('/d1/x'))
    },
  },
  {
    id: 'directory-pages',
    title: 'a directory of more than two pages moves whole',
    run: async (t) => {
      const count = 2 * t.settings.pageSize + 3
      const files = Array.from({ length: count }, (_, i) => `/s/${i % 3}/f${i}`)
      await t.putAll(files)
      await t.driver.move('/s', '/d')
      const found = (await t.walked('/')).filter((key) => !key.endsWith('/'))
      const moved = files.map((path) => `/d${path.slice(2)}`)
      assert.deepEqual(found, moved.sort(byteOrder))
      for (const path of files.slice(0, 5)) await t.holds(`/d${path.slice(2)}`, t.data(path))
    },
  },
  {
    id: 'own-subtree',
    title: 'move into its own subtree, or onto its own parent, is InvalidPathError',
    run: async (t) => {
      await t.putAll(TREE)
      for (const [source, destination] of [
        ['/s', '/s/a'],
        ['/s', '/s/new/x'],
        ['/s/a', '/s'],
        ['/s/1', '/s'],
        ['/s/1', '/s/1/x'],
      ] as const) {
        await t.rejects(t.driver.move(source, destination), 'INVALID_PATH')
      }
      await holdsTree(t, '/s')
      assert.deepEqual(await paths(t.driver.list('/')), ['/s'])
    },
  },
  {
    id: 'kinds',
    title: 'where files and directories exclude each other, neither replaces the other',
    unless: 'fileAndDirectory',
    run: async (t) => {
      await t.putAll([...TREE, '/file', '/d/x'])
      const before = await t.walked('/')
      for (const [source, destination] of [
        ['/s', '/file'],
        ['/file', '/d'],
        ['/file', '/s/1/x'],
        ['/s', '/file/x'],
      ] as const) {
        await t.rejects(t.driver.move(source, destination), 'INVALID_PATH')
      }
      assert.deepEqual(await t.walked('/'), before)
      await t.holds('/file', t.data('/file'))
      await holdsTree(t, '/s')
    },
  },
  {
    id: 'unfinished',
    title: 'an unfinished upload is no source of a move, and stays where it is',
    run: async (t) => {
      await t.leave('/upload', t.data('upload', 100))
      await t.rejects(t.driver.move('/upload', '/b'), 'PATH_NOT_FOUND', { path: '/upload' })
      await t.put('/upload')
      await t.driver.move('/upload', '/b')
      await t.holds('/b', t.data('/upload'))
      if (t.capabilities.append) {
        const writer = await t.driver.writer('/upload', { append: true })
        assert.equal(writer.size, 100)
        await writer.commit()
        await t.holds('/upload', t.data('upload', 100))
      } else await t.driver.delete('/upload')
    },
  },
  {
    id: 'back-and-forth',
    title: 'a file can be moved away and replaced at once',
    run: async (t) => {
      const first = await t.put('/a', 40)
      await t.driver.move('/a', '/b')
      const second = await t.put('/a', 50)
      await t.driver.move('/b', '/c')
      await t.driver.move('/a', '/b')
      await t.holds('/c', first)
      await t.holds('/b', second)
      assert.deepEqual(await t.walked('/'), ['/b', '/c'])
    },
  },
  {
    id: 'atomic',
    title: 'nobody sees both names or neither while a file is moved',
    needs: 'atomicMove',
    run: async (t) => {
      const data = await t.put('/d/0')
      for (let i = 0; i < 10; i++) {
        await t.during(t.driver.move(`/d/${i}`, `/d/${i + 1}`), async () => {
          // The old name is asked for last in the one question, first in the other.
          if (await exists(t, `/d/${i + 1}`)) assert.ok(!(await exists(t, `/d/${i}`)), 'both')
          if (!(await exists(t, `/d/${i}`))) assert.ok(await exists(t, `/d/${i + 1}`), 'neither')
        })
      }
      await t.holds('/d/10', data)
    },
  },
  {
    id: 'destination-always-whole',
    title: 'who reads the destination during a move sees the old content or the new one, whole',
    run: async (t) => {
      const old = await t.put('/destination', 30_000)
      const data = t.data('/source', 4 * t.settings.partSize + 1)
      await t.commit('/source', data)
      await t.during(t.driver.move('/source', '/destination'), async () => {
        const content = await t.driver.getContent('/destination')
        if (content.length === old.size) old.check(content)
        else data.check(content)
      })
      await t.holds('/destination', data)
    },
  },
])
