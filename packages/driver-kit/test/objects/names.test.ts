import { Names, newSessionId, sessionTime } from '@stowage/driver-kit'

const INVALID = expect.objectContaining({ code: 'INVALID_PATH' })

describe('keys of paths', () => {
  it.each([
    ['', '/a/b', 'a/b'],
    ['/', '/a/b', 'a/b'],
    ['/root/dir/', '/a', 'root/dir/a'],
    ['root', '/docker/registry/v2', 'root/docker/registry/v2'],
    ['//root//', '/a', 'root/a'],
  ])('with the root %j, %s is the key %s, and the other way round', (root, path, key) => {
    const names = new Names({ root })
    expect(names.key(path)).toBe(key)
    expect(names.path(key)).toBe(path)
    expect(names.pathOf(key)).toBe(path)
  })

  it.each(['', '/', '/root'])('all that is in the root %j has one prefix', (root) => {
    const names = new Names({ root })
    expect(names.prefix('/')).toBe(root === '/root' ? 'root/' : '')
    expect(names.prefix('/a')).toBe(`${names.prefix('/')}a/`)
    expect(names.reserved).toBe(`${names.prefix('/')}.stowage/`)
  })

  it('limits count the root, in the unit of the service', () => {
    const long = `/${'é'.repeat(500)}`
    expect(new Names({ root: 'root', maxKeyUnits: 505 }).key(long)).toHaveLength(505)
    expect(() => new Names({ root: 'root', maxKeyUnits: 504 }).key(long)).toThrow('504 characters')
    expect(new Names({ root: 'root', maxKeyBytes: 1005 }).key(long)).toHaveLength(505)
    expect(() => new Names({ root: 'root', maxKeyBytes: 1004 }).key(long)).toThrow('1004 bytes')
    expect(new Names({ root: 'root', maxKeyParts: 3 }).key('/a/b')).toBe('root/a/b')
    expect(() => new Names({ root: 'root', maxKeyParts: 3 }).key('/a/b/c')).toThrow('3 parts')
  })

  it('the limit of a component counts neither root nor its neighbours', () => {
    const names = new Names({ root: 'a'.repeat(20), maxNameBytes: 10 })
    expect(names.key(`/${'b'.repeat(10)}/${'é'.repeat(5)}`)).toContain('é')
    expect(() => names.key(`/b/${'é'.repeat(6)}`)).toThrow(INVALID)
  })

  it('what a service cannot hold is refused, and hidden where it is listed', () => {
    const problem = (path: string) => (path.includes('\\') ? 'no backslash' : undefined)
    const names = new Names({ root: 'root', problem })
    expect(() => names.key('/a\\b')).toThrow('no backslash')
    expect(names.path('root/a\\b')).toBeUndefined()
    expect(names.directory('root/a\\b/')).toBeUndefined()
    expect(names.pathOf('root/a\\b')).toBe('/a\\b')
  })
})

describe('keys that callers do not see', () => {
  const names = new Names({ root: 'root' })

  it.each(['/.stowage', '/.stowage/x'])('%s cannot be named', (path) => {
    expect(() => names.key(path)).toThrow(INVALID)
  })

  it.each([
    'root/.stowage/uploads/a/1',
    'root/.stowage',
    'root/a//b',
    'root/dir/',
    'root/../x',
    'root/',
  ])('%s is no file', (key) => {
    expect(names.path(key)).toBeUndefined()
  })

  it.each(['root/.stowage2', 'root/a/.stowage', 'root/.stowag'])('%s is a file', (key) => {
    expect(names.path(key)).toBe(key.slice(4))
  })

  it('common prefixes are directories with a final slash', () => {
    expect(names.directory('root/a/b/')).toBe('/a/b/')
    for (const hidden of ['root/.stowage/', 'root//', 'root/a//']) {
      expect(names.directory(hidden)).toBeUndefined()
    }
  })
})

describe('keys of sessions', () => {
  const id = newSessionId('bucket')

  it.each(['/a', '/a/b.c', '/é'])('tell path and id: %s', (path) => {
    const names = new Names({ root: 'root' })
    expect(names.session(path, id)).toBe(`root/.stowage/uploads${path}/${id}`)
    expect(names.session(path, id).startsWith(names.sessions('/'))).toBe(true)
    expect(names.parseSession(names.session(path, id))).toEqual({ path, id, cut: false })
  })

  it.each(['root/.stowage/uploads/a/b', 'root/.stowage/uploads/x', 'root/.stowage/uploads/'])(
    '%s is none',
    (key) => {
      expect(new Names({ root: 'root' }).parseSession(key)).toBeUndefined()
    },
  )

  it.each([
    ['letters', 'a', {}],
    ['letters of two bytes', 'é', {}],
    ['components', 'a/', { maxKeyUnits: 1024, maxKeyParts: 254 }],
    ['emoji', '\u{1f600}', { maxKeyUnits: 1024, maxKeyParts: 254 }],
  ])(
    'of the longest paths fit, and neighbours have keys of their own: %s',
    (_what, text, limits) => {
      const names = new Names({ root: 'root', maxKeyBytes: 1024, ...limits })
      const long = `/${text.repeat(Math.floor(1017 / Buffer.byteLength(text)))}`
      const keys = ['x', 'y'].map((last) => names.session(long + last, id))
      expect(new Set(keys).size).toBe(2)
      for (const key of keys) {
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024)
        expect(key.split('/').length).toBeLessThanOrEqual(254)
        expect(key.isWellFormed()).toBe(true)
        expect(key).not.toContain('\ufffd')
        const found = names.parseSession(key)
        expect(found).toMatchObject({ id, cut: true })
        expect(long.startsWith(found?.path ?? '-')).toBe(true)
      }
    },
  )
})

describe('ids of sessions', () => {
  it('sort by their time, within a millisecond too', () => {
    const ids = Array.from({ length: 50 }, () => newSessionId('one'))
    expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids)
    expect(new Set(ids).size).toBe(50)
    expect(Math.abs(sessionTime(ids[0] ?? '').getTime() - Date.now())).toBeLessThan(1000)
  })

  it('the clock of one storage does not name the sessions of another', () => {
    newSessionId('future', Date.parse('2999-01-01'))
    const now = Date.parse('2026-01-01')
    const times = [now, now, now - 5].map((time) =>
      sessionTime(newSessionId('other', time)).getTime(),
    )
    expect(times).toEqual([now, now + 1, now + 2])
  })
})
