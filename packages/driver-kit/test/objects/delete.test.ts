// Deletes of files and trees on a fake store: what goes, in how many requests, and what is told when something stays.

import { jest } from '@jest/globals'
import {
  ConfigError,
  PermissionError,
  UnavailableError,
  UnsupportedMethodError,
} from '@stowage/core'
import { lost, type MemoryOptions } from './memory-backend.ts'
import { failure, NO_SIGNAL, treesOn } from './trees.ts'

const denied = (key: string): Error => new PermissionError('no', { path: `/${key}` })

describe.each<[string, MemoryOptions]>([
  ['by bytes', {}],
  ['by code units', { listing: { order: 'utf16', start: 'from' } }],
  ['by components', { listing: { order: 'tree', start: 'none' } }],
  ['in no order', { listing: { order: 'none', start: 'none' } }],
  ['by bytes, and tells what was missing', { tellsMissing: true }],
])('a delete on a store that lists %s', (_, options) => {
  it.each([1, 2, 1000])(
    'takes the file, all beneath it, and no sibling; pages of %i',
    async (pageSize) => {
      const { backend, trees } = treesOn({ ...options, pageSize })
      const siblings = ['a-b', 'a.txt', 'a0', 'ab/c', 'b/a']
      for (const key of siblings) backend.store(key)
      for (const key of ['a', 'a/b', 'a/b/c', 'a/\u{1f600}', 'a/\uffee', 'a//d', 'a/../x'])
        backend.store(key)
      await trees.delete('/a', NO_SIGNAL)
      expect(Object.keys(backend.contents())).toEqual(siblings)
      expect(await failure(trees.delete('/a', NO_SIGNAL))).toBe('PATH_NOT_FOUND')
    },
  )

  it('takes uploads, held and not, and succeeds where only they are', async () => {
    const { trees, uploads, held } = treesOn(options)
    uploads.paths = ['/a', '/a/b', '/ab']
    await trees.delete('/a', NO_SIGNAL)
    expect(uploads.paths).toEqual(['/ab'])
    const session = held.hold('/c/d', 'id')
    await trees.delete('/c', NO_SIGNAL)
    expect(session.removed).toBe(true)
  })

  it('takes what a writer of this process is just publishing', async () => {
    const { backend, trees, held } = treesOn(options)
    let publish: () => void = () => {}
    const request = new Promise<void>((done) => {
      publish = () => {
        backend.store('a/late')
        done()
      }
    })
    held.hold('/a/late', 'id').track(request)
    const call = trees.delete('/a', NO_SIGNAL)
    await new Promise((next) => setImmediate(next))
    expect(backend.requests).toEqual([])
    publish()
    await call
    expect(backend.contents()).toEqual({})
  })
})

it('the path is checked before anything is ended', async () => {
  const { trees, held } = treesOn()
  const session = held.hold('/.stowage', 'id')
  expect(await failure(trees.delete('/.stowage', NO_SIGNAL))).toBe('INVALID_PATH')
  expect(session.removed).toBe(false)
})

it('the answer that tells what was missing saves the listing of siblings', async () => {
  const { backend, trees } = treesOn({ tellsMissing: true })
  backend.store('a')
  await trees.delete('/a', NO_SIGNAL)
  expect(new Set(backend.requests)).toEqual(new Set(['delete a', 'list a/', 'uploads']))
})

it('one listing shows file and directory, unless siblings fill the page', async () => {
  const { backend, trees, from } = treesOn({ pageSize: 2 })
  for (const key of ['a', 'a/1']) backend.store(key)
  await trees.delete('/a', NO_SIGNAL)
  expect(from('list')).toEqual(['list a'])
  for (const key of ['a', 'a-', 'a-1', 'a-2', 'a/1', 'a/2', 'a/3']) backend.store(key)
  backend.requests.length = 0
  await trees.delete('/a', NO_SIGNAL)
  expect(from('list')).toEqual(['list a', 'list a/', 'list a/'])
})

describe('batches', () => {
  const FILES = Array.from({ length: 7 }, (_, i) => `a/${i}`)

  function full(options: MemoryOptions = {}) {
    const world = treesOn({ deleteBatch: 3, ...options })
    for (const key of FILES) world.backend.store(key)
    return world
  }

  it('are as large as the store takes them, and a rest of one is a request of its own', async () => {
    const { trees, from } = full({ pageSize: 2 })
    await trees.delete('/a', NO_SIGNAL)
    expect(from('deleteMany')).toEqual(['deleteMany a/0 a/1 a/2', 'deleteMany a/3 a/4 a/5'])
    expect(from('delete')).toEqual(['delete a/6'])
  })

  it('go several at a time', async () => {
    const { trees, backend } = full({ deleteBatch: 2 })
    let active = 0
    let most = 0
    backend.before = ({ operation }) => {
      if (operation === 'deleteMany') most = Math.max(most, ++active)
    }
    backend.after = ({ operation }) => {
      if (operation === 'deleteMany') active--
    }
    await trees.delete('/a', NO_SIGNAL)
    expect(most).toBe(3)
  })

  it('are tried once by a store that knows none', async () => {
    const { trees, backend, from } = full()
    backend.before = ({ operation }) => {
      if (operation === 'deleteMany') throw new UnsupportedMethodError({ detail: 'no batches' })
    }
    await trees.delete('/a', NO_SIGNAL)
    const tried = from('deleteMany').length
    for (const key of FILES) backend.store(key)
    await trees.delete('/a', NO_SIGNAL)
    expect(from('deleteMany')).toHaveLength(tried)
    expect(from('delete')).toHaveLength(2 * FILES.length)
    expect(backend.contents()).toEqual({})
  })

  it('are followed by requests of their own for what they do not tell of', async () => {
    const { trees, backend, from } = full()
    backend.leaves = (key) => (key === 'a/1' || key === 'a/2' ? {} : undefined)
    await trees.delete('/a', NO_SIGNAL)
    expect(backend.contents()).toEqual({})
    expect(new Set(from('delete'))).toEqual(new Set(['delete a/1', 'delete a/2', 'delete a/6']))
  })

  it('are not repeated for what may not be deleted: it is named', async () => {
    const { trees, backend, from } = full()
    backend.leaves = (key) => (key === 'a/1' ? { error: denied(key) } : undefined)
    await expect(trees.delete('/a', NO_SIGNAL)).rejects.toMatchObject({
      code: 'MULTIPLE',
      errors: [{ code: 'PERMISSION_DENIED', path: '/a/1' }],
    })
    expect(Object.keys(backend.contents())).toEqual(['a/1'])
    expect(from('delete')).toEqual(['delete a/6'])
  })

  it('are followed by a request for each of what failed, until one fails again', async () => {
    const { trees, backend, from } = full({ deleteBatch: 7 })
    const left = ['a/1', 'a/3', 'a/5']
    backend.leaves = (key) => (left.includes(key) ? { error: lost(key) } : undefined)
    backend.before = ({ operation, keys }) => {
      if (operation === 'delete' && keys[0] === 'a/3') throw lost('delete')
    }
    await expect(trees.delete('/a', NO_SIGNAL)).rejects.toMatchObject({
      errors: [
        { message: expect.stringContaining('delete') },
        { message: expect.stringContaining('a/5') },
      ],
    })
    expect(from('delete')).toEqual(['delete a/1', 'delete a/3'])
    expect(Object.keys(backend.contents())).toEqual(['a/3', 'a/5'])
  })

  it('that fail whole are the error of the call, once all that has begun has ended', async () => {
    const { trees, backend, from } = full({ deleteBatch: 2 })
    backend.before = ({ operation, keys }) => {
      if (operation === 'deleteMany' && keys.includes('a/1')) throw lost('deleteMany')
    }
    expect(await failure(trees.delete('/a', NO_SIGNAL))).toBe('UNAVAILABLE')
    const begun = from('deleteMany').length
    expect(Object.keys(backend.contents())).toHaveLength(FILES.length - 2 * (begun - 1))
    await new Promise((next) => setImmediate(next))
    expect(from('deleteMany')).toHaveLength(begun)
  })
})

describe.each([1, 3])('what fails (batches of %i)', (deleteBatch) => {
  it('of a single object is named, and the rest goes', async () => {
    const { trees, backend } = treesOn({ deleteBatch })
    for (const key of ['a', 'a/1', 'a//2', 'a/3']) backend.store(key)
    backend.leaves = (key) => (key.includes('//') ? { error: denied(key) } : undefined)
    backend.before = ({ operation, keys: [key = ''], path }) => {
      if (operation === 'delete' && key.includes('//')) throw new PermissionError('no', { path })
    }
    await expect(trees.delete('/a', NO_SIGNAL)).rejects.toMatchObject({
      code: 'MULTIPLE',
      errors: [{ code: 'PERMISSION_DENIED', path: '/a//2' }],
    })
    expect(Object.keys(backend.contents())).toEqual(['a//2'])
  })

  it.each([
    ['is one thing for the whole call: the parameters', new ConfigError('wrong key'), 'CONFIG'],
    ['may pass, of a single file', new UnavailableError('later'), 'MULTIPLE'],
  ])('%s', async (_, error, code) => {
    const { trees, backend } = treesOn({ deleteBatch })
    backend.store('a')
    backend.before = ({ operation }) => {
      if (operation === 'delete') throw error
    }
    expect(await failure(trees.delete('/a', NO_SIGNAL))).toBe(code)
  })

  it('in a listing is the error of the call, once all that has begun has ended', async () => {
    const { trees, backend } = treesOn({ deleteBatch, pageSize: 3 })
    for (let i = 0; i < 9; i++) backend.store(`a/${i}`)
    let lists = 0
    let active = 0
    backend.before = ({ operation }) => {
      if (operation === 'list' && ++lists === 2) throw lost('list')
      if (operation.startsWith('delete')) active++
    }
    backend.after = ({ operation }) => {
      if (operation.startsWith('delete')) active--
    }
    expect(await failure(trees.delete('/a', NO_SIGNAL))).toBe('UNAVAILABLE')
    expect(active).toBe(0)
    expect(Object.keys(backend.contents())).toHaveLength(6)
  })
})

it('a delete whose uploads cannot be removed waits for what it deletes, and fails', async () => {
  const { trees, backend, uploads } = treesOn()
  backend.store('a/1')
  uploads.failure = lost('uploads')
  expect(await failure(trees.delete('/a', NO_SIGNAL))).toBe('UNAVAILABLE')
  expect(backend.contents()).toEqual({})
})

it('an abort ends a delete with its reason, and begins nothing more', async () => {
  const { trees, backend, from } = treesOn()
  for (let i = 0; i < 40; i++) backend.store(`a/${i}`)
  const stop = new AbortController()
  backend.after = ({ operation }) => {
    if (operation === 'delete') stop.abort(new Error('enough'))
  }
  await expect(trees.delete('/a', { signal: stop.signal })).rejects.toThrow('enough')
  expect(from('delete').length).toBeLessThan(20)
})

it('folders go last, the deepest first, and so do markers with a final slash', async () => {
  const { trees, backend, from } = treesOn()
  for (const key of ['a', 'a/b', 'a/b/c']) backend.store(key, '', { marker: 'folder' })
  for (const key of ['a/', 'a/d/', 'a/b/c/file', 'a/session']) backend.store(key)
  backend.store('a/session', '', { marker: 'upload' })
  await trees.delete('/a', NO_SIGNAL)
  expect(backend.contents()).toEqual({})
  const order = from('delete').map((request) => request.slice('delete '.length))
  expect(new Set(order.slice(0, 2))).toEqual(new Set(['a/b/c/file', 'a/session']))
  expect(new Set(order.slice(2, 4))).toEqual(new Set(['a/b/c', 'a/d/']))
  expect(new Set(order.slice(4, 6))).toEqual(new Set(['a/', 'a/b']))
  expect(order.slice(6)).toEqual(['a'])
})

it('a directory that holds nothing but markers is deleted', async () => {
  const { trees, backend } = treesOn()
  backend.store('a/')
  await trees.delete('/a', NO_SIGNAL)
  expect(backend.contents()).toEqual({})
})

it('an answer that is lost after the work is done is no error', async () => {
  const { trees, backend } = treesOn({ deleteBatch: 3 })
  for (const key of ['a/1', 'a/2']) backend.store(key)
  backend.leaves = jest.fn((key: string) => {
    backend.objects.delete(key)
    return { error: lost('deleteMany') }
  })
  await trees.delete('/a', NO_SIGNAL)
  expect(backend.contents()).toEqual({})
})
