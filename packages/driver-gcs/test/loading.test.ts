// What an import costs, and what a program is told where a package is missing.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-gcs-'))
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
  const flags = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']
  const args = [...flags, '--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  return stdout.trim()
}

const parameters = JSON.stringify({ bucket: 'b', credentials: { type: 'service_account' } })
const imports = `
  const { create } = await import('@stowage/core')
  await import('./src/index.ts')`

it('the package is imported, and a driver made, without the SDK', async () => {
  const said = await run(`${imports}; console.log((await create('gcs', ${parameters})).name)`)
  expect(said).toBe('gcs')
})

it('the first call names the command to install the SDK', async () => {
  const said = await run(`${imports}
    const driver = await create('gcs', ${parameters})
    await driver.stat('/a').catch(({ code, message }) => console.log(code, message))`)
  expect(said).toContain('CONFIG')
  expect(said).toContain('npm install @google-cloud/storage')
})

it('the import takes less than 20 ms of computing, core apart', async () => {
  const measured = await run(`
    await import('@stowage/core')
    const { user, system } = process.cpuUsage()
    await import('./src/index.ts')
    const spent = process.cpuUsage()
    console.log((spent.user - user + spent.system - system) / 1000)`)
  expect(Number(measured)).toBeLessThan(20)
})
