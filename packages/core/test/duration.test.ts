import { parseDuration } from '@stowage/core'

it.each([
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['250ms', 250],
  ['7us', 0.007],
  ['7µs', 0.007],
  ['+2m', 120_000],
  ['-2m', -120_000],
  ['0', 0],
  ['.5s', 500],
  ['5', undefined],
  ['', undefined],
  ['-', undefined],
  ['.s', undefined],
  ['1x', undefined],
  ['1m 2s', undefined],
])('the duration %j has %j milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})
