// What an import costs, and what a program is told where a package is missing.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { LonePackage } from '@stowage-internal/test-servers'

let alone: LonePackage

beforeAll(async () => {
  alone = await LonePackage.of(new URL('../', import.meta.url))
})

afterAll(() => alone?.[Symbol.asyncDispose]())

/** What a program prints that has imported the package and core. */
const run = (program: string): Promise<string> =>
  alone.run(`
    const { create } = await import('@stowage/core')
    await import('./src/index.ts')
    ${program}`)

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
  await alone.install('@azure/storage-blob')
  await alone.install('@azure/core-rest-pipeline')
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
