// Keys of a service account that nobody has: made anew for each file of tests.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'

export const EMAIL = 'tester@test.iam.gserviceaccount.com'

let pem: string | undefined

/** The content of a key file. */
export function serviceAccount(
  tokenUri = 'http://127.0.0.1:1/no-token-is-asked-for',
): Record<string, string> {
  pem ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
  return {
    type: 'service_account',
    project_id: 'test',
    private_key_id: '1',
    private_key: pem,
    client_email: EMAIL,
    client_id: '1',
    token_uri: tokenUri,
    universe_domain: 'googleapis.com',
  }
}

/** What checks the signatures of such an account, in PEM. */
export function publicKeyOf({ private_key = '' }: Readonly<Record<string, string>>): string {
  return createPublicKey(private_key).export({ type: 'spki', format: 'pem' }).toString()
}
