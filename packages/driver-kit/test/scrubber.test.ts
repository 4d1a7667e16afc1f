import { randomBytes } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { authorizationSecrets, Scrubber } from '@stowage/driver-kit'
import { makeRandom, type Random } from './random.ts'

const SEED = process.env.STOWAGE_SEED ?? randomBytes(4).toString('hex')

const scrub = (text: unknown, ...secrets: string[]): string =>
  new Scrubber(() => secrets).text(text)

const xml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
const percentAll = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

/** A secret in the spelling of a service, a URL or a log. */
const SPELLINGS: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  'in a URL': encodeURIComponent,
  'in a URL with small digits': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'in a form': (secret) => new URLSearchParams({ a: secret }).toString().slice(2),
  'all bytes in percent': percentAll,
  'in a URL within a URL': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'in JSON': (secret) => JSON.stringify(secret).slice(1, -1),
  'in JSON with escaped slashes': (secret) =>
    JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'in JSON within JSON': (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'in XML': xml,
  'in XML with numbers': (secret) => secret.replace(/[^\w]/g, (one) => `&#${one.codePointAt(0)};`),
  'in base64': (secret) => Buffer.from(secret).toString('base64'),
  'in base64url': (secret) => Buffer.from(secret).toString('base64url'),
  'in base64 after a name': (secret) => Buffer.from(`me:${secret}`).toString('base64'),
  'in base64 after a longer name': (secret) => Buffer.from(`user:${secret}`).toString('base64'),
  'in base64 in a URL': (secret) => encodeURIComponent(Buffer.from(secret).toString('base64')),
  'in hexadecimal digits': (secret) => Buffer.from(secret).toString('hex'),
}

/** A secret as services make them: base64 of random bytes, or any printable characters. */
function makeSecret(random: Random): string {
  if (random.below(3) > 0) {
    const bytes = Buffer.from(Array.from({ length: 9 + random.below(56) }, () => random.below(256)))
    return bytes.toString(random.below(4) === 0 ? 'base64url' : 'base64')
  }
  return Array.from({ length: 12 + random.below(40) }, () =>
    String.fromCharCode(33 + random.below(94)),
  ).join('')
}

/** Any eight characters in a row of the spelled secret. */
function leaks(text: string, spelled: string): boolean {
  for (let at = 0; at + 8 <= spelled.length; at += 4) {
    if (text.includes(spelled.slice(at, at + 8))) return true
  }
  return false
}

describe('ten thousand random secrets', () => {
  it('leave no eight characters in any spelling, also where the text ends within one', () => {
    const random = makeRandom(SEED)
    const names = Object.keys(SPELLINGS)
    for (let round = 0; round < 10_000; round++) {
      const secret = makeSecret(random)
      const name = names[round % names.length] as string
      const spell = SPELLINGS[name] as (text: string) => string
      const spelled = spell(secret)
      const whole = `denied: <q>${spelled}</q> is not known`
      // Fewer than the first four characters of a secret help nobody.
      const least = Math.max(Math.floor(spelled.length / 2), spell(secret.slice(0, 5)).length)
      const cut = `denied: ${spelled.slice(0, least + random.below(spelled.length - least))}`
      for (const text of [whole, cut, `${cut}...`]) {
        const clean = scrub(text, secret)
        // The ends of base64 in a longer text have bits of its neighbours, and say nothing alone.
        const middle = name.startsWith('in base64 after') ? spelled.slice(8, -4) : spelled
        if (leaks(clean, middle)) {
          throw new Error(
            `seed ${SEED}, round ${round}, ${name}: ${secret} in ${text} gives ${clean}`,
          )
        }
      }
      expect(scrub(whole, secret)).toMatch(/^denied: <q>.*<\/q> is not known$/)
    }
  })
})

describe('texts without secrets', () => {
  it.each([
    'Access Denied',
    'The specified key does not exist.',
    'x'.repeat(60),
    'the task of minio at http://127.0.0.1:9000/bucket/key?list-type=2',
  ])('stay: %s', (text) => {
    expect(scrub(text, 'SK', 'abc123', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')).toBe(text)
  })

  it.each(['abcd...efghijkl', 'abcdefgh…ijkl'])(
    'stay after a secret that holds dots: %s',
    (secret) => {
      expect(scrub(`<q>${secret}</q> is not known`, secret)).toBe('<q>***</q> is not known')
      expect(scrub(`<q>${secret.slice(0, 7)}... is not known`, secret)).toBe('<q>***')
    },
  )

  it('keep words that a short secret is a part of', () => {
    expect(scrub('a key, the monkey', 'key!', 'monk')).toBe('a key, the monkey')
    expect(scrub('a monk, the monkey', 'monk')).toBe('a ***, the monkey')
  })
})

describe('secrets that nobody told of', () => {
  it.each([
    ['https://h/c/b?sv=1&sig=ab%2Fcd%3D&se=2', 'ab%2Fcd'],
    ['GET /b?X-Amz-Signature=0123456789abcdef', '0123456789'],
    ['{"Authorization":"Bearer eyJhbGciOi.J9-x_y"}', 'eyJhbGci'],
    ['authorization: SharedKey acc:abc/def+ghi=', 'abc/def'],
    ['AWS AKID:frJIUN8DYpKDtOLCwo//yllqDzg=', 'frJIUN8'],
    [
      'AWS4-HMAC-SHA256 Credential=A/2/r/s3/aws4_request, SignedHeaders=host, Signature=fe5f80',
      'fe5f80',
    ],
    ['AccountName=a;AccountKey=Zm9vYmFy+/==;EndpointSuffix=x', 'Zm9vYmFy'],
    ['PUT https://s/upload?upload_id=AEnB2U_q-x', 'AEnB2U'],
    ['{"private_key": "MIIEvQIBADANBgkq"}', 'MIIEvQ'],
    ['"{\\"access_token\\":\\"abcdefgh\\"}"', 'abcdefgh'],
    ['<SessionToken>abc/def</SessionToken>', 'abc/def'],
    ['ya29.a0AfH6SMB-x_y', 'a0AfH6'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', 'MIIE'],
    ['-----BEGIN RSA PRIVATE KEY-----\\nMIIEcut', 'MIIE'],
    ['proxy http://me:pass@proxy:3128/', 'me:pass'],
  ])('%s', (text, secret) => {
    const clean = scrub(text)
    expect(clean).not.toContain(secret)
    expect(clean).toContain('***')
  })
})

describe('the time it takes', () => {
  const secret = randomBytes(30).toString('base64')
  const LONG = 100_000
  it.each([
    [' '],
    ['a'],
    ['?x'],
    ['Bearer '],
    ['sig='],
    ['sig= '],
    ['://'],
    ['-----BEGIN '],
    ['-----BEGIN PRIVATE KEY-----'],
    ['%25'],
    ['&amp;'],
    ['\\'],
    ['\u0000'],
    [secret.slice(0, -1)],
  ])('100 KB of %j take milliseconds', (piece) => {
    const text = piece.repeat(LONG / piece.length)
    scrub(text, secret) // compiles
    const before = process.cpuUsage()
    const clean = scrub(text, secret, 'a'.repeat(2000))
    const { user } = process.cpuUsage(before)
    expect(clean.length).toBeLessThanOrEqual(500)
    expect(user / 1000).toBeLessThan(100)
  })
})

describe('code and id', () => {
  const scrubber = new Scrubber(() => ['TokenThatLooksLikeACode'])

  it.each(['NoSuchKey', 'XMinioStorageFull', 'a', 'invalid_grant', 'x.y-z'])(
    '%s is a code',
    (code) => {
      expect(scrubber.code(code)).toBe(code)
    },
  )

  it.each([
    'TokenThatLooksLikeACode',
    'xTokenThatLooksLikeACodex',
    'two words',
    '',
    '404',
    'a'.repeat(65),
    'a/b',
    null,
    undefined,
    { a: '1' },
    7,
  ])('%p is not', (code) => {
    expect(scrubber.code(code)).toBeUndefined()
  })

  it('knows ids of requests', () => {
    expect(scrubber.id('tx0000-1/2+3==')).toBe('tx0000-1/2+3==')
    expect(scrubber.id('TokenThatLooksLikeACode')).toBeUndefined()
    expect(scrubber.id('a b')).toBeUndefined()
    expect(scrubber.id('x'.repeat(129))).toBeUndefined()
  })

  it('knows the secrets of one request', () => {
    expect(scrubber.code('Mine1234', ['Mine1234'])).toBeUndefined()
    expect(scrubber.text('is Mine1234', ['Mine1234'])).toBe('is ***')
  })
})

describe('authorizationSecrets', () => {
  it.each([
    ['AWS AKID:frJIUN8DYpKDtOLCwo//yllqDzg=', 'frJIUN8DYpKDtOLCwo//yllqDzg='],
    ['AWS4-HMAC-SHA256 Credential=A/B, SignedHeaders=host, Signature=fe5f/80', 'fe5f/80'],
    ['SharedKey acc:a/b+c=', 'a/b+c='],
    ['Bearer a.b/c', 'a.b/c'],
  ])('%s', (header, secret) => {
    expect(authorizationSecrets(header)).toContain(secret)
    expect(authorizationSecrets(header)).toContain(header)
  })

  it.each([undefined, ''])('%p has none', (header) => {
    expect(authorizationSecrets(header)).toEqual([])
  })
})
