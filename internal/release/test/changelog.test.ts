import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const file = join(import.meta.dirname, '../../../.changeset/changelog.mjs')
const { default: changelog } = await import(pathToFileURL(file).href)

it('writes a changeset as one item, with the commit at its end', async () => {
  const commit = '0123456789abcdef'
  const line = (summary: string) => changelog.getReleaseLine({ summary, commit }, 'minor')
  expect(await line('Fixes one thing.')).toBe('- Fixes one thing. (0123456)')
  expect(await line('One\ntwo\n\nThree\n')).toBe('- One\n  two\n\n  Three (0123456)')
  expect(await changelog.getReleaseLine({ summary: 'New' }, 'patch')).toBe('- New')
})

it('names all dependencies that have a new version in one line, and no line where none has', async () => {
  const updated = [
    { name: '@stowage/core', newVersion: '0.3.0' },
    { name: '@stowage/testsuite', newVersion: '0.2.1' },
  ]
  const line = await changelog.getDependencyReleaseLine([], updated)
  expect(line).toBe('- Built for `@stowage/core` 0.3.0, `@stowage/testsuite` 0.2.1')
  expect(await changelog.getDependencyReleaseLine([], [])).toBe('')
})
