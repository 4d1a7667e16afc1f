import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { ConformanceReport } from '@stowage/testsuite'
import { Workspace } from './helpers/stowage.ts'

/** A driver whose storage is never empty. */
const NEVER_EMPTY = `
import { register } from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
register('full', async () => {
  const driver = new InMemoryDriver()
  await driver.putContent('/there', Buffer.from('already'), {})
  return driver
})
`

let work: Workspace
beforeAll(async () => {
  work = await Workspace.create()
})
afterAll(() => work.remove())

async function report(directory: string): Promise<ConformanceReport> {
  return JSON.parse(await readFile(work.path(directory, 'report.json'), 'utf8'))
}

describe('conformance --report', () => {
  it('writes the report of the run, with the options that it had', async () => {
    const args = ['conformance', work.url('scratch'), '--only', 'content-', '--seed', '7']
    const more = ['--report', 'out/report', '--name', 'My disk', '--server', 'ext4', '--json']
    const sizes = ['--part-size', '4k', '--page-size', '3', '--timeout', '1m', '--concurrency', '2']
    const skip = ['--skip', 'content-empty=because I say so']
    const { code, json } = await work.run([...args, ...more, ...sizes, ...skip])
    expect(code).toBe(0)
    expect(json.find(({ type }) => type === 'report')).toEqual({
      type: 'report',
      files: ['report.json', 'index.html', 'badge.svg', 'badge.json'].map((name) =>
        work.path('out/report', name),
      ),
    })
    const made = await report('out/report')
    expect(made).toMatchObject({
      storage: 'My disk',
      driver: { name: 'fs', package: '@stowage/driver-fs' },
      server: { name: 'ext4' },
      suite: { seed: 7, concurrency: 2, partSize: 4096, pageSize: 3 },
    })
    expect(made.suite.leftOut).toBeGreaterThan(100)
    expect(Object.keys(made.runtime.packages)).toEqual(
      expect.arrayContaining(['@stowage/cli', '@stowage/core', '@stowage/testsuite']),
    )
    expect(made.cases.find(({ id }) => id === 'content-empty')).toMatchObject({
      status: 'skipped',
      reason: 'because I say so',
      limit: true,
    })
    expect((await readdir(work.path('out/report'))).sort()).toEqual([
      ...['badge.json', 'badge.svg', 'index.html', 'report.json'],
    ])
  })

  it('is written where cases fail too, and the exit code stays', async () => {
    await mkdir(work.path('node_modules/@stowage'), { recursive: true })
    for (const name of ['core', 'driver-inmemory']) {
      const target = fileURLToPath(new URL(`../../${name}`, import.meta.url))
      await symlink(target, work.path('node_modules/@stowage', name), 'junction')
    }
    const about = { name: 'stowage-driver-full', version: '3.2.1', exports: './index.mjs' }
    await work.write('node_modules/stowage-driver-full/package.json', JSON.stringify(about))
    await work.write('node_modules/stowage-driver-full/index.mjs', NEVER_EMPTY)
    const driver = ['--import', 'stowage-driver-full', 'full:']
    const args = ['conformance', ...driver, '--only', 'content-', '--report', 'f']
    const { code, stdout } = await work.run(args)
    expect(code).toBe(5)
    expect(stdout).toContain(`report: ${work.path('f', 'index.html')}`)
    const made = await report('f')
    expect(made.totals.failed).toBeGreaterThan(0)
    expect(made.driver).toMatchObject({ package: 'stowage-driver-full', version: '3.2.1' })
  })

  it('refuses a skip without a reason', async () => {
    const { code, stderr } = await work.run(['conformance', 'inmemory:', '--skip', 'content-empty'])
    expect(code).toBe(2)
    expect(stderr).toContain('--skip takes the id of a case and a reason')
  })
})

/** An S3 endpoint that has nothing, refuses everything else, and repeats what it was told. */
async function indiscreetServer(): Promise<Server> {
  const server = createServer((request, response) => {
    const { authorization, 'x-amz-security-token': token } = request.headers
    response.setHeader('Server', 'Indiscreet/1.0')
    response.setHeader('Content-Type', 'application/xml')
    request.resume()
    if (request.url?.includes('list-type=2')) {
      response.end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>')
      return
    }
    response.statusCode = 403
    const said = [authorization, token, SECRET, TOKEN, encodeURIComponent(SECRET)].join(' ')
    response.end(`<Error><Code>AccessDenied</Code><Message>not with ${said}</Message></Error>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const SECRET = 'wJalr/XUtnFEMI+K7MDENG'
const TOKEN = 'FwoGZXIvYXdzEXAMPLETOKEN'

describe('a report on a storage with credentials', () => {
  it('has the server in it, and no credential, whatever the server says', async () => {
    const server = await indiscreetServer()
    try {
      const { port } = server.address() as AddressInfo
      const query = new URLSearchParams({
        endpoint: `http://127.0.0.1:${port}`,
        accessKey: 'AKIAIOSFODNN7EXAMPLE',
        secretKey: SECRET,
        maxAttempts: '1',
      })
      const url = `s3://bucket/root?${query}`
      const args = ['conformance', url, '--only', 'content-', '--report', 'secret']
      const env = { AWS_SESSION_TOKEN: TOKEN, MY_DB_PASSWORD: TOKEN }
      const { code, stdout, stderr } = await work.run(args, { env })
      expect({ code, stderr }).toEqual({ code: 5, stderr: '' })
      const made = await report('secret')
      expect(made.server).toEqual({ header: 'Indiscreet/1.0' })
      expect(made.storage).toBe('s3://bucket/root')
      expect(made.driver).toMatchObject({ name: 's3', package: '@stowage/driver-s3' })
      expect(made.totals.failed).toBeGreaterThan(0)
      for (const file of await readdir(work.path('secret'))) {
        const content = await readFile(work.path('secret', file), 'utf8')
        for (const secret of [SECRET, TOKEN, encodeURIComponent(SECRET)]) {
          expect(content).not.toContain(secret)
        }
      }
      expect(stdout).not.toContain(SECRET)
    } finally {
      server.close()
    }
  })
})
