// The private key is in no error, no event and no driver, wherever it was given and whatever is wrong with it.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, type StorageDriver } from '@stowage/core'
import { applyMiddleware } from '@stowage/core/middleware'
import '@stowage/driver-s3'
import '@stowage/middleware-cloudfront'
import { registerSecretSuite } from '@stowage/testsuite'

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const secretKey = 'a&very"secret/key+that<nobody>may%see='
const folder = mkdtempSync(join(tmpdir(), 'stowage-cloudfront-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** An S3 driver whose requests go nowhere, behind the middleware. */
async function behind(options: object): Promise<StorageDriver> {
  const driver = await create('s3', {
    ...{ bucket: 'bucket', region: 'eu-west-1', endpoint: 'http://127.0.0.1:1', maxAttempts: 1 },
    ...{ accessKey: 'AKEXAMPLE', secretKey },
  })
  const least = { baseurl: 'd1.cloudfront.net', keypairid: 'K1', warn: () => {} }
  return applyMiddleware(driver, [{ name: 'cloudfront', options: { ...least, ...options } }])
}

function keyFile(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

registerSecretSuite({
  name: 'cloudfront',
  secrets: { privateKey, secretKey },
  situations: {
    'a key in a file': () => behind({ privatekey: keyFile('right.pem', privateKey) }),
    'a key that is cut off': () =>
      behind({ privatekey: keyFile('cut.pem', privateKey.slice(0, privateKey.length / 2)) }),
    'a key with something before it': () =>
      behind({ privatekey: keyFile('more.pem', `{"key":${JSON.stringify(privateKey)}}`) }),
    'a key in the place of its file': () => behind({ privatekey: privateKey }),
    'a wrong parameter beside it': () => behind({ privatekey: privateKey, duratoin: 'x' }),
    'a key for a URL that cannot be signed': () =>
      behind({ privatekey: keyFile('again.pem', privateKey), baseurl: 'http://d1 .net' }),
  },
})
