import { crc32c, encodeCrc32c } from '../src/crc32c.ts'
import { objectNames } from '../src/names.ts'

describe('names of objects', () => {
  it.each(['/.stowage', '/.well-known/acme-challenge/x', `/${'é'.repeat(513)}`])(
    'what the service or the driver keeps for itself, or cannot keep, is refused: %j',
    (path) => {
      expect(() => objectNames('').key(path)).toThrow(
        expect.objectContaining({ code: 'INVALID_PATH' }),
      )
    },
  )

  it('beneath a root the service keeps nothing to itself', () => {
    expect(objectNames('root').key('/.well-known/acme-challenge/x')).toMatch(/^root\//)
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
