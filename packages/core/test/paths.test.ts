import {
  baseName,
  checkPath,
  compareKeys,
  directoryKey,
  isBeneath,
  joinPath,
  MAX_PATH_BYTES,
  parentOf,
  pathProblem,
} from '@stowage/core/driver'
import fc from 'fast-check'

const seed = Number(process.env.FC_SEED ?? 20_261_124)
const check = { seed, numRuns: 500 }

describe('valid paths', () => {
  it.each([
    // The Go registry's list.
    '/a',
    '/2',
    '/aa',
    '/a.a',
    '/0-9/abcdefg',
    '/abcdefg/z.75',
    '/abc/1.2.3.4.5-6_zyx/123.z/4',
    '/docker/docker-registry',
    '/123.abc',
    '/abc./abc',
    '/.abc',
    '/a--b',
    '/a-.b',
    '/_.abc',
    '/Docker/docker-registry',
    '/Abc/Cba',
    // Wider than the Go registry.
    '/a b@c+d=e,f',
    '/...',
    '/..a/a..',
    '/~',
    '/\\',
    '/%2e%2e',
    '/*?"<>|:',
    '/ä/日本/\u{1f600}',
    '/e\u0301',
    '/\ue000\uffff',
    '/ ',
  ])('%j', (path) => {
    expect(pathProblem(path)).toBeUndefined()
    expect(() => checkPath(path)).not.toThrow()
  })

  it('has 1024 bytes of UTF-8 at most', () => {
    for (const [unit, width] of [
      ['a', 1],
      ['é', 2],
      ['日', 3],
      ['\u{1f600}', 4],
    ] as const) {
      const longest = `/${unit.repeat(Math.floor((MAX_PATH_BYTES - 1) / width))}`
      expect(pathProblem(longest)).toBeUndefined()
      expect(pathProblem(`${longest}${'a'.repeat(width)}`)).toMatch(/at most 1024 bytes/)
    }
  })
})

describe('invalid paths', () => {
  it.each([
    // The Go registry's list.
    ['', /starts with/],
    ['abc', /starts with/],
    ['123.abc', /starts with/],
    ['//bcd', /empty component/],
    ['/abc_123/', /final \//],
    // Narrower than the Go registry.
    ['/', /root is allowed/],
    ['/a/', /final \//],
    ['/a//b', /empty component/],
    ['/.', /component "\."/],
    ['/..', /component "\.\."/],
    ['/../x', /component "\.\."/],
    ['/a/./b', /component "\."/],
    ['/a/..', /component "\.\."/],
    ['/a\u0000b', /control/],
    ['/a\nb', /control/],
    ['/\u001f', /control/],
    ['/\u007f', /control/],
    ['/\u0080', /control/],
    ['/\u009f', /control/],
    ['/\ud800', /well-formed/],
    ['/a\udc00b', /well-formed/],
    [undefined, /is a string/],
    [Buffer.from('/a'), /is a string/],
  ])('%j', (path, problem) => {
    expect(pathProblem(path)).toMatch(problem)
    expect(() => checkPath(path)).toThrow(
      expect.objectContaining({
        code: 'INVALID_PATH',
        path,
        message: expect.stringMatching(problem),
      }),
    )
  })
})

describe('compareKeys', () => {
  const key = fc.string({ unit: 'binary', maxLength: 8 })
  const near = fc.string({
    unit: fc.constantFrom('\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', 'a', '/'),
    maxLength: 4,
  })

  it.each([
    ['any text', key],
    ['text about the surrogates', near],
  ])('is the byte order of UTF-8: %s', (_, text) => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b))
        expect(Math.sign(compareKeys(a, b))).toBe(bytes)
        expect(compareKeys(a, a)).toBe(0)
      }),
      check,
    )
  })

  it('puts what JavaScript has the other way round in byte order', () => {
    const keys = ['/\u{10000}', '/\uffff', '/a0', '/a/', '/a-b', '/a']
    expect(keys.sort(compareKeys)).toEqual(['/a', '/a-b', '/a/', '/a0', '/\uffff', '/\u{10000}'])
  })
})

it('knows what is beneath a directory', () => {
  expect(isBeneath('/a/b', '/a')).toBe(true)
  expect(isBeneath('/a/b/c', '/a')).toBe(true)
  expect(isBeneath('/a', '/')).toBe(true)
  expect(isBeneath('/a', '/a')).toBe(false)
  expect(isBeneath('/ab', '/a')).toBe(false)
  expect(isBeneath('/a-b', '/a')).toBe(false)
  expect(isBeneath('/', '/')).toBe(false)
})

it('takes paths apart and puts them together', () => {
  expect(directoryKey('/')).toBe('/')
  expect(directoryKey('/a')).toBe('/a/')
  expect(['/a/b', '/a', '/'].map(parentOf)).toEqual(['/a', '/', '/'])
  expect(baseName('/a/b.c')).toBe('b.c')
  expect(joinPath('/', 'a', 'b')).toBe('/a/b')
  expect(joinPath('/a')).toBe('/a')
})
