// What an import costs, and what a program is told where a package is missing.
import { LonePackage } from '@stowage-internal/test-servers'

let alone: LonePackage

beforeAll(async () => {
  alone = await LonePackage.of(new URL('../', import.meta.url))
})

afterAll(() => alone?.[Symbol.asyncDispose]())

const parameters = JSON.stringify({ bucket: 'b', credentials: { type: 'service_account' } })
const imports = `
  const { create } = await import('@stowage/core')
  await import('./src/index.ts')`

it('the package is imported, and a driver made, without the SDK', async () => {
  const said = await alone.run(`${imports}; console.log((await create('gcs', ${parameters})).name)`)
  expect(said).toBe('gcs')
})

it('the first call names the command to install the SDK', async () => {
  const said = await alone.run(`${imports}
    const driver = await create('gcs', ${parameters})
    await driver.stat('/a').catch(({ code, message }) => console.log(code, message))`)
  expect(said).toContain('CONFIG')
  expect(said).toContain('npm install @google-cloud/storage google-auth-library')
})
