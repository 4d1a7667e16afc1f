import { crc32c, encodeCrc32c } from '../src/crc32c.ts'
import { Names, newSessionId, sessionTime } from '../src/names.ts'

describe('names of objects', () => {
  it.each([
    ['', '/a/b', 'a/b'],
    ['/', '/a/b', 'a/b'],
    ['/root/dir/', '/a', 'root/dir/a'],
    ['root', '/docker/registry/v2', 'root/docker/registry/v2'],
    ['//root//', '/a', 'root/a'],
  ])('with the root %j, %s is the object %s', (root, path, key) => {
    const names = new Names(root)
    expect(names.key(path)).toBe(key)
    expect(names.path(key)).toBe(path)
  })

  it.each(['', '/', '/root'])(
    'with the root %j, all that is in it has the right prefix',
    (root) => {
      const names = new Names(root)
      // The original asks for `/`, where nothing ever is.
      expect(names.prefix('/')).toBe(root === '/root' ? 'root/' : '')
      expect(names.prefix('/a')).toBe(`${names.prefix('/')}a/`)
    },
  )

  it.each(['/.stowage', '/.stowage/x', '/.well-known/acme-challenge/x', `/${'é'.repeat(513)}`])(
    'what the service or the driver keeps for itself, or cannot keep, is refused: %j',
    (path) => {
      expect(() => new Names('').key(path)).toThrow(
        expect.objectContaining({ code: 'INVALID_PATH' }),
      )
    },
  )

  it('a name counts in bytes, with the root', () => {
    const names = new Names('root')
    expect(names.key(`/${'é'.repeat(509)}`)).toHaveLength(514)
    expect(() => names.key(`/${'a'.repeat(1020)}`)).toThrow('1024')
  })

  it('what is no path, or the driver’s own, is no file', () => {
    const names = new Names('root')
    for (const key of [
      'root/.stowage/uploads/a/1',
      'root/a//b',
      'root/dir/',
      'root/../x',
      'root/',
    ]) {
      expect(names.path(key)).toBeUndefined()
    }
  })

  it('sessions of the longest path and of its neighbour have keys of their own', () => {
    const names = new Names('root')
    const [one, two] = ['x', 'y'].map((last) =>
      names.session(`/${'a'.repeat(1017)}${last}`, '0'.repeat(25)),
    )
    expect(one).not.toBe(two)
    for (const key of [one, two]) expect(Buffer.byteLength(key ?? '')).toBeLessThanOrEqual(1024)
  })

  it('ids of sessions sort by their time, within a millisecond too', () => {
    const ids = Array.from({ length: 50 }, newSessionId)
    expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids)
    expect(new Set(ids).size).toBe(50)
    expect(Math.abs(sessionTime(ids[0] ?? '').getTime() - Date.now())).toBeLessThan(1000)
  })
})

describe('CRC32C', () => {
  // From RFC 3720, appendix B.4.
  it.each([
    ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 255), 0x62a8ab43],
    ['32 bytes that grow', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['32 bytes that shrink', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    ['nothing', Buffer.alloc(0), 0],
    ['the digits from 1 to 9', Buffer.from('123456789'), 0xe3069283],
  ])('of %s', (_what, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc)
  })

  it('is the same in whatever pieces', () => {
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => (i * 37) & 255))
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes))
    }
  })

  it('is written as the service does', () => {
    expect(encodeCrc32c(crc32c(Buffer.from('123456789')))).toBe('4waSgw==')
  })
})
