// Moves of files and directories on a fake store: what lies where afterwards, whatever fails or others do meanwhile.
import { jest } from '@jest/globals'
import { PermissionError } from '@stowage/core'
import { lost, type MemoryBackend, type MemoryOptions } from './memory-backend.ts'
import { failure, NO_SIGNAL, treesOn } from './trees.ts'

const move = (
  world: ReturnType<typeof treesOn>,
  source = '/a',
  destination = '/b',
): Promise<void> => world.trees.move(source, destination, NO_SIGNAL)

/** Runs once, before a request of that operation and first key. */
function once(backend: MemoryBackend, operation: string, key: string, run: () => unknown): void {
  let isDone = false
  backend.before = (request) => {
    if (isDone || request.operation !== operation || request.keys[0] !== key) return undefined
    isDone = true
    return run()
  }
}

describe('a file', () => {
  it('is asked for, copied, compared and deleted: four requests', async () => {
    const world = treesOn()
    world.backend.store('a', 'x')
    await move(world)
    expect(world.backend.requests).toEqual(['head a', 'copy a b', 'head b', 'delete a'])
    expect(world.backend.contents()).toEqual({ b: 'x' })
  })

  it('is compared without a request where the answer to the copy has its size', async () => {
    const world = treesOn({ tellsCopy: true })
    world.backend.store('a', 'x')
    await move(world)
    expect(world.backend.requests).toEqual(['head a', 'copy a b', 'delete a'])
  })

  it('leaves a directory of its name, and folders at the destination', async () => {
    const world = treesOn()
    for (const key of ['a', 'a/', 'a/x', 'b/', 'b/y']) world.backend.store(key, key)
    await move(world)
    expect(Object.keys(world.backend.contents())).toEqual(['a/', 'a/x', 'b', 'b/', 'b/y'])
  })

  it.each<[string, (backend: MemoryBackend) => void, string]>([
    [
      'was replaced at the source',
      (backend) => void backend.store('a', 'more'),
      'REVISION_CHANGED',
    ],
    ['was cut by the store', () => {}, 'CONTENT'],
    ['was removed', (backend) => void backend.objects.delete('b'), 'REVISION_CHANGED'],
    ['was replaced', (backend) => void backend.store('b', 'others'), 'none'],
  ])('whose copy %s', async (_, meanwhile, expected) => {
    const world = treesOn({ conditions: false })
    const { backend } = world
    backend.store('a', 'content')
    backend.after = ({ operation }) => {
      if (operation !== 'copy') return
      const copy = backend.objects.get('b')
      backend.objects.set('b', { ...(copy as NonNullable<typeof copy>), bytes: Buffer.from('cut') })
      meanwhile(backend)
    }
    expect(await failure(move(world))).toBe(expected)
    expect(backend.objects.has('a')).toBe(expected !== 'none')
  })

  it('that is replaced before the copy fails, and nothing is published', async () => {
    const world = treesOn()
    world.backend.store('a', 'old')
    once(world.backend, 'copy', 'a', () => world.backend.store('a', 'new'))
    expect(await failure(move(world))).toBe('REVISION_CHANGED')
    expect(world.backend.contents()).toEqual({ a: 'new' })
  })

  it('that is replaced after the copy stays, as one that came after the move', async () => {
    const world = treesOn()
    world.backend.store('a', 'old')
    once(world.backend, 'delete', 'a', () => world.backend.store('a', 'new'))
    await move(world)
    expect(world.backend.contents()).toEqual({ a: 'new', b: 'old' })
  })

  it('that vanishes before the copy is a directory, if anything', async () => {
    const world = treesOn()
    world.backend.store('a', 'file')
    once(world.backend, 'copy', 'a', () => world.backend.objects.delete('a'))
    expect(await failure(move(world))).toBe('PATH_NOT_FOUND')
    world.backend.store('a', 'file')
    world.backend.store('a/x', 'x')
    once(world.backend, 'copy', 'a', () => world.backend.objects.delete('a'))
    await move(world)
    expect(world.backend.contents()).toEqual({ 'b/x': 'x' })
  })

  it.each(['head', 'copy'])('stays where the answer to its %s is lost', async (operation) => {
    const world = treesOn()
    world.backend.store('a', 'x')
    world.backend.after = (request) => {
      if (request.operation === operation) throw lost(operation)
    }
    expect(await failure(move(world))).toBe('UNAVAILABLE')
    expect(world.backend.contents()).toMatchObject({ a: 'x' })
  })

  it('that cannot be deleted is told by the error itself, and the copy is whole', async () => {
    const world = treesOn()
    world.backend.store('a', 'x')
    once(world.backend, 'delete', 'a', () => {
      throw new PermissionError('no')
    })
    expect(await failure(move(world))).toBe('PERMISSION_DENIED')
    expect(world.backend.contents()).toEqual({ a: 'x', b: 'x' })
  })

  it('is not deleted after an abort during the copy', async () => {
    const world = treesOn()
    world.backend.store('a', 'x')
    const stop = new AbortController()
    world.backend.after = ({ operation }) => {
      if (operation === 'copy') stop.abort(new Error('enough'))
    }
    const call = world.trees.move('/a', '/b', { signal: stop.signal })
    await expect(call).rejects.toThrow('enough')
    expect(world.backend.contents()).toEqual({ a: 'x', b: 'x' })
  })

  it('has a destination that can be a path, or nothing happens', async () => {
    const world = treesOn()
    world.backend.store('a', 'x')
    expect(await failure(move(world, '/a', '/.stowage/x'))).toBe('INVALID_PATH')
    expect(world.backend.requests).toEqual([])
  })
})

describe.each<[string, MemoryOptions]>([
  ['one by one', {}],
  ['in batches', { deleteBatch: 3 }],
  [
    'one by one, names nothing in order',
    { listing: { order: 'none', start: 'none' }, pageSize: 2 },
  ],
  ['in batches, without conditions', { deleteBatch: 3, conditions: false }],
])('a directory on a store that deletes %s', (_, options) => {
  it('takes all its files along, those too that no path can name, and replaces the other one', async () => {
    const world = treesOn(options)
    for (const key of ['a/1', 'a/2/3', 'a//4', 'a-b', 'b/1', 'b/old', 'b//5', 'b-c']) {
      world.backend.store(key, key)
    }
    await move(world)
    expect(world.backend.contents()).toEqual({
      ...{ 'a-b': 'a-b', 'b-c': 'b-c' },
      ...{ 'b/1': 'a/1', 'b/2/3': 'a/2/3', 'b//4': 'a//4' },
    })
  })

  it('takes no marker of a folder along: they go from both, the deepest first', async () => {
    const world = treesOn(options)
    const { backend, from } = world
    for (const key of ['a/', 'a/empty/', 'a/empty/er/', 'b/', 'b/sub/', 'b/empty/'])
      backend.store(key)
    for (const key of ['a/sub', 'a/none', 'b/sub', 'b/none'])
      backend.store(key, '', { marker: 'folder' })
    for (const key of ['a/sub/x', 'a/data/', 'a/empty//x']) backend.store(key, 'x')
    await move(world)
    // A marker that is not empty is content. A folder of the service that has files afterwards stays.
    expect(backend.contents()).toEqual({
      'b/data/': 'x',
      'b/empty//x': 'x',
      'b/sub': '',
      'b/sub/x': 'x',
    })
    const gone = [...from('delete'), ...from('deleteMany')].join(' ').split(' ')
    expect(gone.indexOf('a/empty/er/')).toBeLessThan(gone.indexOf('a/empty/'))
    expect(gone.indexOf('a/empty/')).toBeLessThan(gone.indexOf('a/'))
  })

  it('takes its own marker away, and leaves unfinished uploads of other tools at both ends', async () => {
    const world = treesOn(options)
    const { backend } = world
    backend.store('a', '', { marker: 'folder' })
    for (const key of ['a/up', 'b/up']) backend.store(key, 'tail', { marker: 'upload' })
    backend.store('a/x', 'x')
    await move(world)
    expect(backend.contents()).toEqual({ 'a/up': 'tail', 'b/up': 'tail', 'b/x': 'x' })
  })

  it('with nothing but markers is not there, and is not touched', async () => {
    const world = treesOn(options)
    const { backend } = world
    backend.store('a', '', { marker: 'folder' })
    for (const key of ['a/', 'a//no-path']) backend.store(key)
    backend.store('a/up', 'tail', { marker: 'upload' })
    const before = backend.contents()
    expect(await failure(move(world))).toBe('PATH_NOT_FOUND')
    expect(backend.contents()).toEqual(before)
  })

  it('takes along what the driver itself would not write', async () => {
    const problem = (path: string) => (path.endsWith('.') ? 'a final .' : undefined)
    const world = treesOn({ ...options, names: { problem } })
    for (const key of ['a/1', 'a/x.', 'b/y.']) world.backend.store(key, key)
    await move(world)
    expect(world.backend.contents()).toEqual({ 'b/1': 'a/1', 'b/x.': 'a/x.' })
  })

  it('is not touched where a name would be too long', async () => {
    const world = treesOn(options)
    for (const key of ['a/1', `a/${'x'.repeat(900)}`]) world.backend.store(key)
    const before = world.backend.contents()
    expect(await failure(move(world, '/a', `/${'y'.repeat(200)}`))).toBe('INVALID_PATH')
    expect(world.backend.contents()).toEqual(before)
  })

  it('keeps every source where one copy fails, and begins no further one', async () => {
    const world = treesOn(options)
    const { backend, from } = world
    for (let i = 0; i < 60; i++) backend.store(`a/${i}`)
    backend.store('b/old', 'old')
    let aborted = 0
    backend.before = async ({ operation, keys: [key], signal }) => {
      if (operation !== 'copy') return
      if (key === 'a/3') throw new PermissionError('no')
      signal?.addEventListener('abort', () => aborted++)
      await new Promise((next) => setImmediate(next))
    }
    expect(await failure(move(world))).toBe('PERMISSION_DENIED')
    expect(Object.keys(backend.contents()).filter((key) => key.startsWith('a/'))).toHaveLength(60)
    expect(backend.contents()).toMatchObject({ 'b/old': 'old' })
    expect(aborted).toBeGreaterThan(0)
    expect(from('copy').length).toBeLessThan(40)
  })

  it('copies sixteen files at a time', async () => {
    const world = treesOn(options)
    for (let i = 0; i < 60; i++) world.backend.store(`a/${i}`)
    let active = 0
    let most = 0
    world.backend.before = ({ operation }) => {
      if (operation === 'copy') most = Math.max(most, ++active)
    }
    world.backend.after = ({ operation }) => {
      if (operation === 'copy') active--
    }
    await move(world)
    expect(most).toBe(16)
  })

  it('passes by what others delete meanwhile, and is missing where that is all', async () => {
    const world = treesOn(options)
    const { backend } = world
    for (const key of ['a/1', 'a/2', 'b/1']) backend.store(key, key)
    once(backend, 'copy', 'a/1', () => backend.objects.delete('a/1'))
    await move(world)
    expect(backend.contents()).toEqual({ 'b/2': 'a/2' })
    backend.store('a/1')
    once(backend, 'copy', 'a/1', () => backend.objects.delete('a/1'))
    expect(await failure(move(world))).toBe('PATH_NOT_FOUND')
    expect(backend.contents()).toEqual({ 'b/2': 'a/2' })
  })

  it('keeps its sources where what was at the destination cannot go', async () => {
    const world = treesOn(options)
    const { backend } = world
    for (const key of ['a/1', 'b/old']) backend.store(key)
    backend.before = ({ operation, path }) => {
      if (operation === 'delete') throw new PermissionError('no', { path })
    }
    await expect(move(world)).rejects.toMatchObject({ errors: [{ path: '/b/old' }] })
    expect(Object.keys(backend.contents())).toEqual(['a/1', 'b/1', 'b/old'])
  })

  it('ends with the reason of an abort, before a source goes', async () => {
    const world = treesOn(options)
    for (let i = 0; i < 60; i++) world.backend.store(`a/${i}`)
    const stop = new AbortController()
    world.backend.after = ({ operation }) => {
      if (operation === 'copy') stop.abort(new Error('enough'))
    }
    const call = world.trees.move('/a', '/b', { signal: stop.signal })
    await expect(call).rejects.toThrow('enough')
    expect(world.from('delete')).toEqual([])
    expect(world.from('copy').length).toBeLessThan(40)
  })
})

it('a file that replaces one of a directory after its copy stays at the source', async () => {
  const world = treesOn({ deleteBatch: 3 })
  const { backend } = world
  for (const key of ['a/1', 'a/2', 'a/3']) backend.store(key, 'old')
  backend.before = ({ operation }) => {
    if (operation === 'deleteMany') backend.store('a/2', 'new')
  }
  await move(world)
  expect(backend.contents()).toEqual({ 'a/2': 'new', 'b/1': 'old', 'b/2': 'old', 'b/3': 'old' })
})

describe('on a store where files and directories exclude each other', () => {
  const EXCLUSIVE = { fileAndDirectory: false }

  it.each([
    ['a file', 'b/x', '/a', 'a directory is there'],
    ['a file', 'b', '/a', undefined],
    ['a directory', 'b', '/d', 'a directory cannot replace a file'],
    ['a directory', 'b/x', '/d', undefined],
  ])('%s moves onto %s, if at all', async (_, there, source, detail) => {
    const world = treesOn(EXCLUSIVE)
    for (const key of ['a', 'd/1', there]) world.backend.store(key, key)
    const call = move(world, source)
    if (detail === undefined) await call
    else await expect(call).rejects.toThrow(detail)
    expect(world.backend.contents()).toMatchObject(
      detail === undefined ? {} : { a: 'a', 'd/1': 'd/1' },
    )
  })

  it('what is in the way of a file of the directory goes before anything is copied', async () => {
    const world = treesOn(EXCLUSIVE)
    const { backend } = world
    for (const key of ['a/1', 'a/2/3', 'b/1/x', 'b/2', 'b/3']) backend.store(key, key)
    const atCopy = jest.fn()
    backend.before = ({ operation }) => {
      if (operation === 'copy') atCopy(Object.keys(backend.contents()))
    }
    await move(world)
    expect(atCopy).toHaveBeenNthCalledWith(1, ['a/1', 'a/2/3', 'b/3'])
    expect(backend.contents()).toEqual({ 'b/1': 'a/1', 'b/2/3': 'a/2/3' })
  })
})
