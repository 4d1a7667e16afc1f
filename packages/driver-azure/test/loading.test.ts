// What an import costs, and what a program is told where a package is missing.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-azure-'))
  // A copy of the package in which nothing but core is installed.
  await cp(here('../src'), join(folder, 'src'), { recursive: true })
  await cp(here('../package.json'), join(folder, 'package.json'))
  await mkdir(join(folder, 'node_modules', '@stowage'), { recursive: true })
  await symlink(here('../../core'), join(folder, 'node_modules', '@stowage', 'core'), 'junction')
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** What a program prints that runs in that copy. */
async function run(program: string): Promise<string> {
  const args = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']
  const source = `
    const { create } = await import('@stowage/core')
    await import('./src/index.ts')
    ${program}`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, '--input-type=module', '-e', source],
    { cwd: folder },
  )
  return stdout.trim()
}

const key = Buffer.from('key').toString('base64')

test('the package is imported, and a driver made, without the SDK', async () => {
  const parameters = JSON.stringify({ accountName: 'a', accountKey: key, container: 'c' })
  expect(await run(`console.log((await create('azure', ${parameters})).name)`)).toBe('azure')
})

test('the first call names the command to install the SDK', async () => {
  const parameters = JSON.stringify({ accountName: 'a', accountKey: key, container: 'c' })
  const said = await run(`
    const driver = await create('azure', ${parameters})
    await driver.stat('/a').catch(({ code, message }) => console.log(code, message))`)
  expect(said).toContain('CONFIG')
  expect(said).toContain('npm install @azure/storage-blob')
})

test('@azure/identity is asked for only where credentials need it', async () => {
  await mkdir(join(folder, 'node_modules', '@azure'), { recursive: true })
  const sdk = here('../node_modules/@azure/storage-blob')
  await symlink(sdk, join(folder, 'node_modules', '@azure', 'storage-blob'), 'junction')
  const parameters = { accountName: 'a', container: 'c', maxRetries: -1 }
  const call = (more: object): string => `
    const driver = await create('azure', ${JSON.stringify({ ...parameters, ...more })})
    await driver.stat('/a').catch(({ code, message }) => console.log(code, message))`
  expect(await run(call({ credentials: { type: 'default' } }))).toContain(
    'npm install @azure/identity',
  )
  const there = await run(call({ accountKey: key, serviceURL: 'http://127.0.0.1:1/a' }))
  expect(there).toContain('UNAVAILABLE')
})
