// No command, with whatever outcome, prints a credential: on neither stream, in neither form.
import { type EchoServer, SecretSearch, startEchoServer } from '@stowage/testsuite'
import { type S3Server, startS3 } from '@stowage-internal/test-servers'
import { Workspace } from './helpers/stowage.ts'

const secrets = {
  secretKey: 'a&very"secret/key+that<nobody>may%see=',
  sessionToken: 'FwoGZXIvYXdzEA//token+nobody&may/see==',
  accountKey: Buffer.from('a key that nobody may see, whatever it opens').toString('base64'),
}
/** Commands at a time: each is a process. */
const AT_ONCE = 3

let work: Workspace
let echo: EchoServer
let server: S3Server | undefined
beforeAll(async () => {
  work = await Workspace.create()
  await work.write('data/a.txt', 'a')
  echo = await startEchoServer(403)
  ;[server] = await startS3({ names: ['versitygw'] })
  await server?.createBucket('cli-secrets')
})
afterAll(async () => {
  await echo[Symbol.asyncDispose]()
  await server?.stop()
  await work.remove()
})

function s3(parameters: Readonly<Record<string, string>>): string {
  return `s3://cli-secrets?${new URLSearchParams({ region: 'us-east-1', forcePathStyle: 'true', ...parameters })}`
}

/** Every command, on a storage with these credentials. */
function commands(url: string): string[][] {
  return [
    ['ls', url],
    ['tree', '--debug', url],
    ['du', '--json', url],
    ['stat', '--debug', `${url}#/a.txt`],
    ['cat', '--json', `${url}#/a.txt`],
    ['get', '--debug', `${url}#/a.txt`, './got'],
    ['put', '--json', './data/a.txt', `${url}#/a.txt`],
    ['cp', '-r', '--debug', './data', `${url}#/copy`],
    ['sync', '--json', './data', `${url}#/synced`],
    ['mv', '--debug', `${url}#/a.txt`, `${url}#/b.txt`],
    ['verify', '--json', './data', `${url}#/synced`],
    ['purge', '--debug', url],
    ['conformance', '--json', '--only', 'stat-', url],
    ['rm', '-r', '--debug', `${url}#/copy`],
    ['drivers', '--json', '-s', url],
    ['ls', '--nonsense', url],
    ['nonsense', url],
    ['ls', '--json', `${url}&secretKye=${encodeURIComponent(secrets.secretKey)}`],
  ]
}

async function printNothing(search: SecretSearch, all: readonly (readonly string[])[], env = {}) {
  const codes: (number | null)[] = []
  const printed: string[] = []
  const queue = all.values()
  const worker = async (): Promise<void> => {
    for (const args of queue) {
      const { code, stdout, stderr } = await work.run(args, { env })
      const [command = ''] = args
      search.assertNone(`stdout of ${command}`, stdout)
      search.assertNone(`stderr of ${command}`, stderr)
      printed.push(stdout, stderr)
      codes.push(code)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return { codes, printed }
}

it('not where a server repeats what it was sent', async () => {
  const { secretKey, sessionToken } = secrets
  const url = s3({ endpoint: echo.url, accessKey: 'AKIAEXAMPLE', secretKey, sessionToken })
  const search = new SecretSearch(secrets)
  const { codes, printed } = await printNothing(search, commands(url))
  for (const signature of echo.seen) search.add('a signature', signature)
  search.assertNone('what was printed', printed)
  expect(codes.filter((code) => code === 0).length).toBeLessThan(4)
})

it('not where everything is right', async () => {
  if (server === undefined) return
  const { endpoint, accessKeyId: accessKey, secretAccessKey: secretKey } = server
  const url = s3({ endpoint, accessKey, secretKey, provider: 'versitygw' })
  const { codes } = await printNothing(new SecretSearch({ secretKey }), commands(url).slice(0, 12))
  expect(codes.filter((code) => code === 0).length).toBeGreaterThan(6)
})

it('not from the environment, a configuration file, or a URL that is wrong', async () => {
  const { secretKey, sessionToken, accountKey } = secrets
  const storage = {
    bucket: 'b',
    region: 'x',
    endpoint: echo.url,
    accessKey: 'AKIAEXAMPLE',
    secretKey,
  }
  const config = await work.write(
    'stowage.yml',
    JSON.stringify({ storages: { main: { s3: storage } } }),
  )
  const azure = `azure://files?accountName=a&accountKey=${encodeURIComponent(accountKey)}`
  const env = {
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: 'us-east-1',
  }
  await printNothing(
    new SecretSearch(secrets),
    [
      ['ls', '--debug', '--config', config, 'main:/'],
      ['ls', '--json', `s3://bucket?endpoint=${encodeURIComponent(echo.url)}`],
      ['ls', '--debug', `${azure}&serviceURL=http://127.0.0.1:1/a&maxRetries=-1`],
      ['cat', '--json', `${azure}&blockSize=huge#/x`],
      ['ls', '--debug', `s3://AKIAEXAMPLE:${encodeURIComponent(secretKey)}@bucket`],
      ['cp', `nosuch://u:${encodeURIComponent(secretKey)}@h/x#/a`, './x'],
    ],
    env,
  )
})
