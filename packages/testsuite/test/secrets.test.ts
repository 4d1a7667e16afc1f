import { SecretSearch } from '@stowage/testsuite'

const secret = 'hush&"hush"/<+hush>='
const search = new SecretSearch({ key: secret })

class Hidden extends Error {
  get late(): string {
    return `late ${secret}`
  }
}

describe('a secret is found', () => {
  it.each<[string, unknown]>([
    ['as it is', `x ${secret} y`],
    ['in a URL', `https://h/?k=${encodeURIComponent(secret)}`],
    ['in a form', `k=${new URLSearchParams([['k', secret]])}`],
    ['in JSON', JSON.stringify({ secret })],
    ['in XML', '<m>hush&amp;"hush"/&lt;+hush>=</m>'],
    ['in base64, whatever is before it', Buffer.from(`user:${secret}:x`).toString('base64')],
    ['in hex', Buffer.from(secret).toString('hex')],
    ['in the cause of a cause', new Error('a', { cause: new Error('b', { cause: secret }) })],
    [
      'in a property that is not enumerable',
      Object.defineProperty(new Error('a'), 'x', { value: { secret } }),
    ],
    ['in the name of a property', { [secret]: 1 }],
    ['behind a symbol', { [Symbol('x')]: secret }],
    ['in a buffer', { body: Buffer.from(`x${secret}`) }],
    ['in a map', new Map([['k', new Set([secret])]])],
    ['in an error among several', new AggregateError([new Error(secret)])],
  ])('%s', (_, value) => {
    expect(search.findings('it', value)).not.toEqual([])
    expect(search.findings('it', value).join()).not.toContain('hush')
  })

  it('in a line of a key file', () => {
    const file =
      '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----'
    const keys = new SecretSearch({ file })
    expect(keys.findings('it', 'x AQEFAASCBKcwggSjAgEAAoIB y')).not.toEqual([])
    expect(keys.findings('it', '-----BEGIN KEY-----')).toEqual([])
  })
})

it('nothing is found where nothing is, and circles end', () => {
  const circle: Record<string, unknown> = { a: new Hidden('fine') }
  circle.self = circle
  expect(new SecretSearch({ other: 'another secret' }).findings('it', circle)).toEqual([])
})

it('what is too short to be looked for is refused', () => {
  expect(() => new SecretSearch({ pin: '1234' })).toThrow(TypeError)
})
