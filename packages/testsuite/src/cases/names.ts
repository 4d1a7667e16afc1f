import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { byteOrder, type CaseContext, paths as items } from '../context.ts'

const COMPOSED = '/caf\u00e9'
const DECOMPOSED = '/cafe\u0301'
/** In UTF-16 the second sorts before the first, in UTF-8 after it. */
const WIDE_TILDE = '/\uff5e'
const EMOJI = '/\u{1f600}'
const WORDS = ['/Straße', '/日本語', '/Ελλάδα', '/שלום', '/a\u200db', '/🏳️‍🌈', '/İ', '/ﬁ']

/** What is stored, read, moved and deleted under one spelling is under the other one, too. */
async function oneFile(t: CaseContext, first: string, second: string): Promise<void> {
  await t.put(first)
  const data = await t.put(second, 33)
  await t.holds(first, data)
  const listed = await items(t.driver.list('/'))
  assert.equal(listed.length, 1)
  await t.holds(listed[0] as string, data)
  await t.driver.move(first, second)
  await t.holds(second, data)
  const below = await t.put(`/dir${first}/x`)
  await t.driver.move(`/dir${first}`, `/dir${second}`)
  await t.holds(`/dir${first}/x`, below)
  await t.rejects(t.driver.move(`/dir${first}`, `/dir${second}/x/y`), 'INVALID_PATH')
  await t.rejects(t.driver.move(`/dir${second}/x`, `/dir${first}`), 'INVALID_PATH')
  await t.holds(`/dir${second}/x`, below)
  await t.driver.delete(second)
  await t.isMissing(first)
}

export const names: readonly Case[] = area('names', [
  {
    id: 'unicode',
    title: 'names beyond ASCII are kept exactly',
    needs: 'unicodePaths',
    run: async (t) => {
      const stored = [...WORDS, EMOJI, WIDE_TILDE].flatMap((name) => [
        `/files${name}`,
        `/d${name}/x`,
      ])
      await t.putAll(stored)
      for (const path of stored) await t.holds(path, t.data(path))
      const files = (await t.walked('/')).filter((key) => !key.endsWith('/'))
      assert.deepEqual(files, [...stored].sort(byteOrder))
    },
  },
  {
    id: 'normal-forms',
    title: 'composed and decomposed letters are two names',
    needs: 'normalizationSensitive',
    run: async (t) => {
      const composed = await t.put(COMPOSED)
      await t.isMissing(DECOMPOSED)
      const decomposed = await t.put(DECOMPOSED, 33)
      await t.holds(COMPOSED, composed)
      await t.holds(DECOMPOSED, decomposed)
      assert.deepEqual(await items(t.driver.list('/')), [DECOMPOSED, COMPOSED])
      await t.driver.delete(DECOMPOSED)
      await t.holds(COMPOSED, composed)
    },
  },
  {
    id: 'forms-folded',
    title: 'where normal forms make no difference, both spellings are one file',
    needs: 'unicodePaths',
    unless: 'normalizationSensitive',
    run: (t) => oneFile(t, COMPOSED, DECOMPOSED),
  },
  {
    id: 'astral-order',
    title: 'characters beyond the first 65,536 come last, as the bytes of UTF-8 have it',
    needs: 'unicodePaths',
    run: async (t) => {
      await t.putAll([EMOJI, WIDE_TILDE, '/z'])
      assert.deepEqual(await items(t.driver.list('/')), ['/z', WIDE_TILDE, EMOJI])
      assert.deepEqual(await t.walked('/', { startAfter: WIDE_TILDE }), [EMOJI])
      assert.deepEqual(await t.walked('/', { startAfter: EMOJI }), [])
    },
  },
  {
    id: 'ascii-only',
    title: 'a driver for ASCII refuses other names before it stores anything',
    unless: 'unicodePaths',
    run: async (t) => {
      for (const path of [COMPOSED, EMOJI, ...WORDS]) {
        await t.rejects(t.driver.putContent(path, 'x'), 'INVALID_PATH', { path })
        await t.rejects(t.driver.writer(path), 'INVALID_PATH', { path })
      }
      assert.deepEqual(await t.walked('/'), [])
    },
  },
  {
    id: 'long',
    title: 'a component may be longer than 255 bytes',
    needs: 'longNames',
    run: async (t) => {
      const path = `/d/${'n'.repeat(700)}`
      await t.commit(path, t.data(path))
      await t.holds(path, t.data(path))
      await t.isMissing(path.slice(0, -1))
      assert.deepEqual(await items(t.driver.list('/d')), [path])
    },
  },
  {
    id: 'short-only',
    title: 'a component longer than 255 bytes is refused before anything is stored',
    unless: 'longNames',
    run: async (t) => {
      const path = `/d/${'n'.repeat(256)}`
      const file = await t.put('/file')
      await t.rejects(t.driver.putContent(path, 'x'), 'INVALID_PATH', { path })
      await t.rejects(t.driver.writer(path), 'INVALID_PATH', { path })
      await t.rejects(t.driver.move('/file', path), 'INVALID_PATH')
      await t.holds('/file', file)
      assert.deepEqual(await t.walked('/'), ['/file'])
    },
  },
  {
    id: 'case',
    title: 'upper and lower case are two names',
    needs: 'caseSensitive',
    run: async (t) => {
      const upper = await t.put('/Name/FILE')
      await t.isMissing('/name/FILE')
      await t.isMissing('/Name/file')
      const lower = await t.put('/name/file', 33)
      await t.holds('/Name/FILE', upper)
      await t.holds('/name/file', lower)
      await t.driver.delete('/name')
      await t.holds('/Name/FILE', upper)
    },
  },
  {
    id: 'case-folded',
    title: 'where case makes no difference, both spellings are one file',
    unless: 'caseSensitive',
    run: (t) => oneFile(t, '/FILE', '/file'),
  },
])
