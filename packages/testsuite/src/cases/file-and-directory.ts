import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { paths } from '../context.ts'

export const fileAndDirectory: readonly Case[] = area('kinds', [
  {
    id: 'both',
    title: 'a path can be a file and have descendants',
    needs: 'fileAndDirectory',
    run: async (t) => {
      const file = await t.put('/p')
      const inside = await t.put('/p/x', 40)
      await t.holds('/p', file)
      await t.holds('/p/x', inside)
      assert.deepEqual(await t.walked('/'), ['/p', '/p/', '/p/x'])
      assert.deepEqual(await paths(t.driver.list('/p')), ['/p/x'])
    },
  },
  {
    id: 'listed-once',
    title: 'a path that is both is listed once, where its file has its place',
    needs: 'fileAndDirectory',
    run: async (t) => {
      await t.putAll(['/d/p', '/d/p-1', '/d/p.1/x', '/d/p/x', '/d/p/y', '/d/p0'])
      const children = ['/d/p', '/d/p-1', '/d/p.1', '/d/p0']
      assert.deepEqual(await paths(t.driver.list('/d')), children)
    },
  },
  {
    id: 'delete-both',
    title: 'delete of a path that is both removes both',
    needs: 'fileAndDirectory',
    run: async (t) => {
      await t.putAll(['/p', '/p/x', '/p/y/z', '/p-1'])
      await t.driver.delete('/p')
      assert.deepEqual(await t.walked('/'), ['/p-1'])
    },
  },
  {
    id: 'move-file',
    title: 'move of a path that is both moves the file',
    needs: 'fileAndDirectory',
    run: async (t) => {
      await t.putAll(['/p', '/p/x', '/q/y'])
      await t.driver.move('/p', '/q')
      await t.holds('/q', t.data('/p'))
      assert.deepEqual(await t.walked('/'), ['/p/', '/p/x', '/q', '/q/', '/q/y'])
    },
  },
  {
    id: 'upload-beneath',
    title: 'a writer beneath a file, and one onto a directory, publish theirs beside it',
    needs: 'fileAndDirectory',
    run: async (t) => {
      await t.putAll(['/p', '/q/x'])
      await t.commit('/p/x', t.data('beneath'))
      await t.commit('/q', t.data('onto'))
      await t.holds('/p/x', t.data('beneath'))
      await t.holds('/q', t.data('onto'))
      await t.holds('/q/x', t.data('/q/x'))
    },
  },
  {
    id: 'exclusive',
    title: 'a file onto a directory or beneath a file is InvalidPathError and changes nothing',
    unless: 'fileAndDirectory',
    run: async (t) => {
      const file = await t.put('/d/file')
      for (const path of ['/d', '/d/file/x', '/d/file/x/y']) {
        await t.rejects(t.driver.putContent(path, 'x'), 'INVALID_PATH', { path })
      }
      await t.holds('/d/file', file)
      assert.deepEqual(await t.walked('/'), ['/d/', '/d/file'])
    },
  },
  {
    id: 'exclusive-late',
    title: 'a commit where a directory or a file has come into the way is refused, not lost',
    unless: 'fileAndDirectory',
    run: async (t) => {
      const onto = await t.begin('/a', t.data('onto'))
      const beneath = await t.begin('/b/x', t.data('beneath'))
      await t.putAll(['/a/file', '/b'])
      await t.rejects(onto.commit(), 'INVALID_PATH', { path: '/a' })
      await t.rejects(beneath.commit(), 'INVALID_PATH', { path: '/b/x' })
      for (const path of ['/a/file', '/b']) await t.holds(path, t.data(path))
      await t.driver.move('/b', '/c')
      await beneath.commit()
      await t.holds('/b/x', t.data('beneath'))
      await onto.cancel()
    },
  },
])
