import { describe as describeError } from '../src/errors.ts'
import { Redactor } from '../src/redact.ts'

describe('redaction', () => {
  it('blacks out the password of a URL, as written and decoded', () => {
    const redactor = new Redactor()
    redactor.learnURL('foo://user:p%40ssw0rd@host/x')
    expect(redactor.redact('failed: p@ssw0rd, p%40ssw0rd')).toBe('failed: ***, ***')
  })

  it('blacks out the secret values of a query and leaves the others', () => {
    const redactor = new Redactor()
    const url = 's3://bucket?region=eu&secretKey=abcdef&accessKeyId=AKIA1&sessionToken=tttt'
    redactor.learnURL(url)
    expect(redactor.redact(url)).toBe(
      's3://bucket?region=eu&secretKey=***&accessKeyId=AKIA1&sessionToken=***',
    )
    expect(redactor.redact('signed with abcdef')).toBe('signed with ***')
  })

  it('blacks out secret parameters at any depth', () => {
    const redactor = new Redactor()
    redactor.learn({ s3: { bucket: 'plain', secretkey: 'hush-hush', deep: { password: 'open1' } } })
    expect(redactor.redact('plain hush-hush open1')).toBe('plain *** ***')
  })

  it('blacks out what only looks like a secret', () => {
    const redactor = new Redactor()
    expect(redactor.redact('GET https://u:pw@host/a?x=1&sig=abc%3D failed')).toBe(
      'GET https://u:***@host/a?x=1&sig=*** failed',
    )
  })

  it.each([
    ['a', 100_000],
    ['?x', 50_000],
    ['a://b:', 20_000],
    ['&token', 20_000],
    [' ', 100_000],
    [':@', 50_000],
  ])('takes a text of many %j in a time that its length explains', (part, times) => {
    const redactor = new Redactor()
    const text = part.repeat(times)
    const begun = performance.now()
    redactor.learnURL(`x://${text}?${text}`)
    redactor.redact(text)
    expect(describeError(new Error(`${text}|`)).message).toMatch(/\|$/)
    // It took 26 seconds. A second is much more than it needs, on any machine.
    expect(performance.now() - begun).toBeLessThan(1000)
  })
})
