// Files and directories that exclude each other, on a fake store.
import { InvalidPathError } from '@stowage/core'
import { Conflicts } from '../../src/objects/conflicts.ts'
import { MemoryBackend } from './memory-backend.ts'
import { failure } from './trees.ts'

const IN_THE_WAY = new InvalidPathError('/a/b', { detail: 'ExistingObjectIsDirectory' })

class Exclusive extends MemoryBackend {
  isConflict(error: unknown): boolean {
    return error === IN_THE_WAY
  }
}

function world(fileAndDirectory = false) {
  const backend = new Exclusive({ fileAndDirectory })
  return { backend, conflicts: new Conflicts(backend) }
}

const context = (path: string) => ({ path, signal: undefined })
const refuse = ({ conflicts }: ReturnType<typeof world>, path: string, kind?: 'directory') =>
  conflicts.refuse(path, context(path), kind)

it('nothing is asked where both may be', async () => {
  const given = world(true)
  given.backend.store('a')
  await refuse(given, '/a/b')
  expect(given.backend.requests).toEqual([])
})

it.each([
  ['a file on the way', 'a', '/a/b/c', '/a is a file'],
  ['a file just above', 'a/b', '/a/b/c', '/a/b is a file'],
  ['a directory in its place', 'a/b/c/d', '/a/b/c', 'a directory is there'],
  ['another file', 'a/b/c', '/a/b/c', undefined],
  ['a folder without a file', 'a/b/c/', '/a/b/c', undefined],
  ['siblings', 'a/b/c-d', '/a/b/c', undefined],
])('of a new file, %s', async (_, there, path, detail) => {
  const given = world()
  given.backend.store(there)
  const call = refuse(given, path)
  if (detail === undefined) await call
  else await expect(call).rejects.toThrow(detail)
})

it('a folder of the service is no file on the way', async () => {
  const given = world()
  given.backend.store('a', '', { marker: 'folder' })
  await refuse(given, '/a/b')
})

it('a directory replaces no file, but another directory', async () => {
  const given = world()
  given.backend.store('a')
  given.backend.store('b/c')
  expect(await failure(refuse(given, '/a', 'directory'))).toBe('INVALID_PATH')
  await refuse(given, '/b', 'directory')
})

it('the directories of a file that was just made are not asked for, until something is deleted', async () => {
  const given = world()
  const { backend, conflicts } = given
  await conflicts.retry('/a/b/c', context('/a/b/c'), async () => {})
  await refuse(given, '/a/b/d')
  expect(backend.requests).toEqual(['list a/b/d/'])
  conflicts.directories.clear()
  await refuse(given, '/a/b/d')
  expect(backend.requests.filter((request) => request.startsWith('head'))).toHaveLength(2)
})

describe('a store that says that something is in the way', () => {
  it('is asked again while nothing is', async () => {
    const { conflicts } = world()
    let left = 3
    const made = await conflicts.retry('/a/b', context('/a/b'), async () => {
      if (left-- > 0) throw IN_THE_WAY
      return 'made'
    })
    expect([made, left]).toEqual(['made', -1])
  })

  it.each(['a', 'a/b/c', 'a/b/'])('is believed where %s is', async (there) => {
    const { backend, conflicts } = world()
    backend.store(there)
    let calls = 0
    const call = conflicts.retry('/a/b', context('/a/b'), async () => {
      calls++
      throw IN_THE_WAY
    })
    expect(await failure(call)).toBe('INVALID_PATH')
    expect(calls).toBe(1)
  })

  it('without an end is not available', async () => {
    const { conflicts } = world()
    const call = conflicts.retry('/a/b', context('/a/b'), () => Promise.reject(IN_THE_WAY))
    expect(await failure(call)).toBe('UNAVAILABLE')
  })

  it('is not asked again for another error, nor after an abort', async () => {
    const { conflicts } = world()
    const other = new InvalidPathError('/a/b', { detail: 'too long' })
    await expect(
      conflicts.retry('/a/b', context('/a/b'), () => Promise.reject(other)),
    ).rejects.toBe(other)
    const stop = new AbortController()
    const call = conflicts.retry('/a/b', { path: '/a/b', signal: stop.signal }, () => {
      stop.abort(new Error('enough'))
      return Promise.reject(IN_THE_WAY)
    })
    expect(await failure(call)).not.toBe('none')
  })
})
