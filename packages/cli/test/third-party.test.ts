import { mkdir, symlink } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Workspace } from './helpers/stowage.ts'

/** A driver in memory whose storage is never empty. */
const driver = (name: string): string => `
import { create } from '@stowage/core'
import { register } from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
register('${name}', async () => {
  const driver = new InMemoryDriver()
  await driver.putContent('/hello', Buffer.from('from ${name}'), {})
  return driver
})
`

let work: Workspace
beforeAll(async () => {
  work = await Workspace.create()
  await mkdir(work.path('node_modules/@stowage'), { recursive: true })
  for (const name of ['core', 'driver-inmemory']) {
    const target = fileURLToPath(new URL(`../../${name}`, import.meta.url))
    await symlink(target, work.path('node_modules/@stowage', name), 'junction')
  }
  await install('plain', { main: './index.js' })
  await install('modern', { exports: { '.': { types: './x.d.ts', import: './index.js' } } })
  await install('silent', { exports: './index.js' }, 'export {}')
  await install('broken', { exports: './index.js' }, 'throw new Error("no good")')
  await work.write('own/register.mjs', driver('own').replace(/^/, ''))
})
afterAll(() => work.remove())

async function install(name: string, manifest: object, code = driver(name)): Promise<void> {
  const folder = `node_modules/stowage-driver-${name}`
  const about = { name: `stowage-driver-${name}`, version: '1.0.0', type: 'module', ...manifest }
  await work.write(`${folder}/package.json`, JSON.stringify(about))
  await work.write(`${folder}/index.js`, code)
}

describe('a cloud driver beside the command', () => {
  it.each([
    ['s3', 's3://bucket?region=eu-central-1&acesskey=AKEXAMPLE', 'did you mean accessKey?'],
    ['azure', 'azure://container?acountName=example', 'did you mean accountName?'],
  ])('is found, and its own words reach the user: %s', async (_name, url, words) => {
    const { code, stderr } = await work.run(['ls', url])
    expect(stderr).toContain(words)
    expect(stderr).not.toContain('AKEXAMPLE')
    expect(code).toBe(4)
  })
})

describe("a third party's driver", () => {
  it.each(['plain', 'modern'])('is loaded where --import names its package: %s', async (name) => {
    await mkdir(work.path('deep/er'), { recursive: true })
    const args = ['cat', '--import', `stowage-driver-${name}`, `${name}:#/hello`]
    const { stdout } = await work.run(args, { cwd: work.path('deep/er') })
    expect(stdout).toBe(`from ${name}`)
  })

  it('is never imported because a URL has its name', async () => {
    const { code, stderr } = await work.run(['cat', 'plain:#/hello'])
    expect(stderr).toMatch(/not registered: plain; load its package or file with --import/)
    expect(code).toBe(4)
  })

  it('is found by its name beside a configuration that the user names', async () => {
    const config = await work.write('c.yml', 'storages: {mine: {plain: null}}')
    const { stdout } = await work.run(['cat', '--config', config, 'mine:/hello'], { cwd: '/' })
    expect(stdout).toBe('from plain')
  })

  it('can be any module that --import names', async () => {
    const args = ['cat', '--import', './own/register.mjs', 'own:#/hello']
    expect((await work.run(args)).stdout).toBe('from own')
    const absolute = ['cat', '--import', work.path('own/register.mjs'), 'own:#/hello']
    expect((await work.run(absolute)).stdout).toBe('from own')
  })

  it('that cannot be loaded, or registers nothing, is told of in one line', async () => {
    const broken = await work.run(['ls', '--import', 'stowage-driver-broken', 'broken:'])
    expect(broken).toMatchObject({ code: 4, stdout: '' })
    expect(broken.stderr).toBe(
      'stowage: stowage-driver-broken could not be loaded: no good; reinstall it\n',
    )
    const config = await work.write('s.yml', 'storages: {mine: {silent: null}}')
    const silent = await work.run(['ls', '--config', config, 'mine:'])
    expect(silent).toMatchObject({ code: 4 })
    expect(silent.stderr).toMatch(/installed but registers no driver 'silent'; its main module/)
  })
})

describe('drivers', () => {
  it('lists what is ready, installed and missing', async () => {
    const { json } = await work.run(['drivers', '--json'])
    const states = new Map(json.map(({ name, state }) => [name, state]))
    expect(states.get('fs')).toBe('ready')
    expect(states.get('inmemory')).toBe('ready')
    expect(states.get('plain')).toBe('installed')
    expect(states.has('gcs')).toBe(true)
    const { stdout } = await work.run(['drivers'])
    expect(stdout).toMatch(/^plain +installed +--import stowage-driver-plain$/m)
  })
})

describe('conformance', () => {
  it('runs the suite in a scratch storage and sums up by area', async () => {
    const args = ['conformance', '--only', 'content-', '--seed', '7', work.url('scratch')]
    const { code, stdout } = await work.run(args)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ok {7}content +\d+ passed, {3}0 failed, {3}0 skipped, .*$/m)
    expect(stdout).toMatch(/keeps the contract: \d+ cases passed, 0 failed, 0 skipped \(seed 7\)/)
    expect((await work.run(['ls', work.url('scratch')])).stdout).toBe('')
  })

  it('ends with 5 and names the case where a driver does not keep the contract', async () => {
    const { code, json } = await work.run([
      ...['conformance', '--import', 'stowage-driver-plain'],
      ...['--json', '--only', 'list-', 'plain:'],
    ])
    expect(code).toBe(5)
    const failed = json.filter(({ status }) => status === 'failed')
    expect(failed.length).toBeGreaterThan(0)
    expect(failed[0]).toMatchObject({ type: 'case', area: 'list', error: expect.any(String) })
    expect(json.at(-1)).toMatchObject({ type: 'summary', failed: failed.length })
  })

  it('kills no process where the storage lives with its instance', async () => {
    const { code, json } = await work.run([
      'conformance',
      '--json',
      '--only',
      'process-',
      'inmemory:',
    ])
    expect(code).toBe(0)
    expect(json.at(-1)).toMatchObject({ type: 'summary', passed: 0, failed: 0 })
  })

  it('refuses a path, and text that no case has', async () => {
    expect(await work.run(['conformance', 'inmemory:#/x'])).toMatchObject({ code: 2 })
    const none = await work.run(['conformance', '--only', 'no-such-case', 'inmemory:'])
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/no case has/) })
  })
})
