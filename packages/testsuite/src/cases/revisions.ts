import assert from 'node:assert/strict'
import { isStorageError } from '@stowage/core'
import { area, type Case } from '../case.ts'
import type { CaseContext } from '../context.ts'

/** More than a stream holds in its buffers. */
const SIZE = 4 * 2 ** 20

/**
 * Reads a file that something happens to after its first bytes: every byte of the revision that was
 * opened, or, where the driver does not keep it, an error that says so.
 */
async function readWhile(t: CaseContext, happens: () => Promise<unknown>): Promise<void> {
  const data = t.data('old', SIZE)
  await t.commit('/dir/file', data)
  const stream = await t.driver.reader('/dir/file')
  let at = 0
  try {
    for await (const chunk of stream) {
      data.check(chunk, at, at + chunk.length)
      if (at === 0) await happens()
      at += chunk.length
    }
  } catch (error) {
    if (t.capabilities.snapshotReads || !isStorageError(error, 'REVISION_CHANGED')) throw error
    return
  }
  assert.equal(at, SIZE, 'bytes before the stream ended without an error')
}

export const revisions: readonly Case[] = area('revisions', [
  {
    id: 'replaced',
    title: 'an open reader never mixes two revisions when the file is replaced by a writer',
    run: async (t) => {
      await readWhile(t, () => t.commit('/dir/file', t.data('new', SIZE)))
      await t.holds('/dir/file', t.data('new', SIZE))
    },
  },
  {
    id: 'overwritten',
    title: 'an open reader never mixes two revisions when putContent replaces the file',
    run: async (t) => {
      await readWhile(t, () => t.put('/dir/file', SIZE + 1))
      await t.holds('/dir/file', t.data('/dir/file', SIZE + 1))
    },
  },
  {
    id: 'shortened',
    title: 'an open reader does not end early when the file becomes shorter',
    run: (t) => readWhile(t, () => t.put('/dir/file', 1)),
  },
  {
    id: 'deleted',
    title: 'an open reader does not end early when the file is deleted',
    run: (t) => readWhile(t, () => t.driver.delete('/dir/file')),
  },
  {
    id: 'directory-deleted',
    title: 'an open reader does not end early when the directory is deleted',
    run: (t) => readWhile(t, () => t.driver.delete('/dir')),
  },
  {
    id: 'moved',
    title: 'an open reader does not end early when the file is moved away',
    run: async (t) => {
      await readWhile(t, () => t.driver.move('/dir/file', '/elsewhere'))
      await t.holds('/elsewhere', t.data('old', SIZE))
    },
  },
])
