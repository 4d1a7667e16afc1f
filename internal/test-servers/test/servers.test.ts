import { existsSync } from 'node:fs'
import {
  AzuriteServer,
  canServeHttps,
  GcsServer,
  reportServers,
  S3Server,
  startAzurite,
  startGcs,
  startRegistry,
  startS3,
  type TestServer,
} from '../src/index.ts'
import { s3Request } from '../src/s3/request.ts'
import { alive } from './alive.ts'

// These tests start servers of their own, whatever was started for the whole run.
delete process.env.STOWAGE_TEST_RUNNING

const found = [await startAzurite(), await startRegistry({ install: 'none' })]
const servers: TestServer[] = [
  ...(await startS3({ install: 'none' })),
  ...(await startGcs({ install: 'none' })),
  ...found.filter((server) => server !== undefined),
]

/** One round trip that only a working server of its kind can do. */
async function use(server: TestServer): Promise<void> {
  if (server instanceof S3Server) {
    const path = `/${await server.createBucket('first-bucket')}/some%20key`
    await server.createBucket('first-bucket') // once more is fine
    expect(await s3Request(server.facts, 'PUT', path, 'content')).toMatchObject({ status: 200 })
    expect(await s3Request(server.facts, 'GET', path)).toEqual({ status: 200, text: 'content' })
    const host = new URL(server.virtualHostEndpoint ?? '')
    expect([host.hostname, host.port]).toEqual(['localhost', new URL(server.endpoint).port])
    const stranger = { ...server.facts, secretAccessKey: 'wrong-secret' }
    const { status } = await s3Request(stranger, 'GET', path)
    expect(status).toBe(server.quirks.has('no-authentication') ? 200 : 403)
  } else if (server instanceof GcsServer) {
    const bucket = await server.createBucket('first-bucket')
    const upload = `${server.endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=key`
    expect((await fetch(upload, { method: 'POST', body: 'content' })).status).toBe(200)
    const object = `${server.endpoint}/storage/v1/b/${bucket}/o/key?alt=media`
    expect(await (await fetch(object)).text()).toBe('content')
  } else if (server instanceof AzuriteServer) {
    expect(await server.createContainer('first-container')).toBe('first-container')
    await server.createContainer('first-container') // once more is fine
  } else {
    const reply = await fetch(`${server.endpoint}/v2/_catalog`)
    expect(await reply.json()).toEqual({ repositories: [] })
  }
}

describe.each(servers.map((server) => [server.name, server] as const))('%s', (name, server) => {
  afterAll(() => server.stop())

  it('says what to do when it is asked for its address too early', () => {
    expect(() => server.endpoint).toThrow(/has not been started: await server.start\(\)/)
  })

  it('starts once on loopback, answers, stops, leaves no process, and starts again', async () => {
    await Promise.all([server.start(), server.start()])
    const { endpoint, pids } = server
    expect(new URL(endpoint).hostname).toBe('127.0.0.1')
    expect(pids.length).toBeGreaterThan(0)
    expect(pids.every(alive)).toBe(true)
    await use(server)
    await server.stop()
    await server.stop()
    expect(pids.filter(alive)).toEqual([])
    await expect(fetch(endpoint)).rejects.toThrow()

    await server.start()
    await use(server)
    const line = reportServers().find((text) => text.includes(` ${name} `))
    expect(line).toMatch(/^ {2}ran .*: ready after \d+\.\d s$/)
  })
})

const secure = canServeHttps()
  ? it
  : (name: string, run: () => Promise<void>) =>
      it.skip(`${name} (skipped: no openssl on PATH)`, run)

secure('has Azurite speak https and accept a bearer token', async () => {
  const azurite = await startAzurite({ oauth: true, disk: true })
  if (!azurite) return
  try {
    await azurite.start()
    expect(azurite.endpoint).toMatch(/^https:\/\/127\.0\.0\.1:/)
    expect(existsSync(azurite.caFile ?? '')).toBe(true)
    expect(azurite.token().split('.')).toHaveLength(3)
  } finally {
    await azurite.stop()
  }
})
