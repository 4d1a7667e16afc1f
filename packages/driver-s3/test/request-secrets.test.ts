// No part of what a request is signed with is left in an error, whatever characters it is made of.
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { Scrubber } from '@stowage/driver-kit'
import { type SentRequest, secretsOf } from '../src/request-secrets.ts'

const ROUNDS = 10_000
/** Of the other ways, whose words are simpler. */
const FEW = 200
const seed = Math.floor(Math.random() * 2 ** 31)

/** Each way to send credentials, by the secrets that it sends. */
const WAYS: Readonly<Record<string, (one: Secrets) => SentRequest>> = {
  'a signature of version 2': ({ key, signature }) => ({
    headers: { authorization: `AWS ${key}:${signature}` },
  }),
  'a signature of version 4': ({ key, hex }) => ({
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=${hex}`,
    },
  }),
  'a presigned URL of version 2': ({ key, signature, token }) => ({
    headers: {},
    query: { AWSAccessKeyId: key, Signature: signature, 'x-amz-security-token': token },
  }),
  'a presigned URL of version 4': ({ key, hex, token }) => ({
    headers: {},
    query: {
      'X-Amz-Credential': `${key}/20260101/eu-west-1/s3/aws4_request`,
      'X-Amz-Signature': hex,
      'X-Amz-Security-Token': [token],
    },
  }),
  'a session token': ({ token }) => ({ headers: { 'X-Amz-Security-Token': token } }),
  'a key of the customer': ({ customerKey, digest }) => ({
    headers: {
      'x-amz-server-side-encryption-customer-key': customerKey,
      'x-amz-server-side-encryption-customer-key-md5': digest,
      'x-amz-copy-source-server-side-encryption-customer-key': customerKey,
    },
  }),
  'credentials of a proxy': ({ token }) => ({
    headers: { 'proxy-authorization': `Basic ${token}` },
  }),
}

interface Secrets {
  readonly key: string
  readonly signature: string
  readonly hex: string
  readonly token: string
  readonly customerKey: string
  readonly digest: string
}

function secretsOfRound(round: string): Secrets {
  const random = (what: string, outputLength: number, encoding: 'base64' | 'hex' = 'base64') =>
    createHash('shake256', { outputLength }).update(`${seed} ${round} ${what}`).digest(encoding)
  return {
    key: random('key', 15),
    signature: random('signature', 20),
    hex: random('hex', 32, 'hex'),
    token: random('token', 100),
    customerKey: random('customer key', 32),
    digest: random('digest', 16),
  }
}

describe(`the secrets of a request (seed ${seed})`, () => {
  it.each(Object.entries(WAYS))('%s is taken out of errors whole', (name, way) => {
    const rounds = name === 'a signature of version 2' ? ROUNDS : FEW
    for (let round = 0; round < rounds; round++) {
      const secrets = secretsOfRound(`${name} ${round}`)
      const request = way(secrets)
      const sent = Object.values(secrets).filter((one) => JSON.stringify(request).includes(one))
      const scrubber = new Scrubber(() => secretsOf(request))
      const shown = scrubber.text(sent.map((one) => `${one} ${encodeURIComponent(one)}`).join(' '))
      if (!/^[* ]+$/.test(shown)) throw new Error(`round ${round}: ${inspect({ sent, shown })}`)
    }
  })
})
