import { parseContentRange } from '@stowage/driver-kit'

it('reads a range', () => {
  expect(parseContentRange('bytes 4-5/100')).toEqual({ first: 4, last: 5, total: 100 })
  expect(parseContentRange('bytes 0-0/1')).toEqual({ first: 0, last: 0, total: 1 })
})

it.each([
  undefined,
  '',
  'bytes 4-5/*',
  'bytes 4-3/100',
  'bytes 4-100/100',
  'bytes -4-5/100',
  'bytes 4-5/99999999999999999999',
  'bytes 4-5/9999999999999999',
  'bytes 0x4-5/100',
  'items 4-5/100',
])('%s is none', (header) => {
  expect(parseContentRange(header)).toBeUndefined()
})
