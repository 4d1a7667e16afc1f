import { parseDuration } from '@stowage/core/driver'

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

it.each(['1', '1h', '.', '1.', 'x', '11'])('100 KB of %j take no time', (piece) => {
  const text = piece.repeat(100_000 / piece.length)
  const before = process.cpuUsage()
  expect(parseDuration(`${text}!`)).toBeUndefined()
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(100)
})
