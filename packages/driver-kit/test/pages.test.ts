import { describe, expect, it } from '@jest/globals'
import { PageGuard, parseSize } from '@stowage/driver-kit'

const guard = (prefix?: string): PageGuard =>
  new PageGuard({ operation: 'ListObjectsV2', path: '/a', prefix })

describe('PageGuard', () => {
  it('ends where the service says so, whatever token comes along', () => {
    expect(guard().next(false, 'x')).toBeUndefined()
    expect(guard().next(false, undefined)).toBeUndefined()
  })

  it.each([undefined, ''])('refuses more pages without a token (%p)', (token) => {
    expect(() => guard().next(true, token)).toThrow(
      expect.objectContaining({ code: 'DRIVER', path: '/a' }),
    )
  })

  it('refuses the same token twice', () => {
    const one = guard()
    expect(one.next(true, 'x')).toBe('x')
    expect(() => one.next(true, 'x')).toThrow('does not advance')
  })

  it.each([2, 3, 5, 17])('finds a loop of %d tokens after a start without one', (length) => {
    for (const start of [0, 1, 7]) {
      const one = guard()
      const token = (page: number): string =>
        page < start ? `s${page}` : `l${(page - start) % length}`
      const walk = (): void => {
        for (let page = 0; page < 4 * (start + length); page++) one.next(true, token(page))
      }
      expect(walk).toThrow('does not advance')
    }
  })

  it('lets a hundred thousand different tokens pass', () => {
    const one = guard()
    for (let page = 0; page < 100_000; page++) expect(one.next(true, `t${page}`)).toBe(`t${page}`)
  })

  it.each(['b/x', '', 'a', undefined, 7])('refuses the key %p outside of the prefix', (key) => {
    expect(() => guard('a/').entry(key, 1)).toThrow(expect.objectContaining({ code: 'DRIVER' }))
  })

  it.each([-5, Number.NaN, 1.5, 2 ** 60, '5', null])('refuses the size %p', (size) => {
    expect(() => guard('a/').entry('a/x', size)).toThrow('number of bytes')
  })

  it('lets good entries pass', () => {
    expect(() => {
      guard('a/').entry('a/x', 0)
      guard('a/').entry('a/')
      guard().entry('any', 7)
    }).not.toThrow()
  })
})

describe('parseSize', () => {
  it.each<[unknown, number | undefined]>([
    ['5', 5],
    [5, 5],
    ['0', 0],
    ['-5', undefined],
    [-5, undefined],
    ['', undefined],
    ['1e3', undefined],
    [' 5', undefined],
    [Number.NaN, undefined],
    [undefined, undefined],
    [null, undefined],
    ['99999999999999999', undefined],
  ])('%p is %p', (value, size) => {
    expect(parseSize(value)).toBe(size)
  })
})
