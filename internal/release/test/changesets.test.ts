import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
const PROGRAM = 'internal/release/src/changesets.mjs'

/** A repository with core, a driver and the template's package, all of them as at their last release. */
let repository: string
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'stowage-changesets-'))
  for (const file of [PROGRAM, 'scripts/workspaces.mjs']) {
    cpSync(join(root, file), join(repository, file))
  }
  for (const name of ['@stowage/core', '@stowage/driver-fs', 'create-stowage-driver']) {
    const folder = `packages/${name.replace('@stowage/', '')}`
    write(`${folder}/package.json`, JSON.stringify({ name, version: '0.2.0' }))
    write(`${folder}/src/index.ts`, 'export const a = 1\n')
  }
  write('.changeset/README.md', 'Changesets')
  git('init', '--quiet', '--initial-branch', 'main')
  git('config', 'user.name', 'Test')
  git('config', 'user.email', 'test@example.invalid')
  commit()
  git('checkout', '--quiet', '-b', 'change')
})
afterEach(() => rmSync(repository, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true })
  writeFileSync(join(repository, path), text)
}

function git(...args: string[]): void {
  const { status, stderr } = spawnSync('git', args, { cwd: repository, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
}

function commit(): void {
  git('add', '--all')
  git('commit', '--quiet', '--message', 'A change')
}

function changeset(file: string, levels: Readonly<Record<string, string>>): void {
  const lines = Object.entries(levels).map(([name, level]) => `"${name}": ${level}\n`)
  write(`.changeset/${file}.md`, `---\n${lines.join('')}---\n\nA change.\n`)
}

/** What the check says of what has changed since main. */
function check(...args: string[]): { code: number | null; said: string } {
  const program = join(repository, PROGRAM)
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: repository,
    encoding: 'utf8',
  })
  return { code: status, said: stdout + stderr }
}

const FINE = { code: 0, said: 'changesets: every package that has changed has one\n' }

it('asks for a changeset where sources have changed, were added or are gone', () => {
  for (const spoil of [
    () => write('packages/driver-fs/src/index.ts', 'export const a = 2\n'),
    () => write('packages/driver-fs/src/new.ts', 'export const b = 1\n'),
    () => rmSync(join(repository, 'packages/driver-fs/src/index.ts')),
    () => write('packages/driver-fs/template/file', 'new'),
  ]) {
    spoil()
    const { code, said } = check()
    expect(code).toBe(1)
    expect(said).toContain('@stowage/driver-fs has changed and has no changeset')
    expect(said).not.toContain('@stowage/core has')
    git('checkout', '--quiet', '.')
    git('clean', '--quiet', '-fd')
  }
})

it('asks for one where package.json says something else to users, and not for developers’ tools', () => {
  const manifest = { name: '@stowage/driver-fs', version: '0.2.0' }
  const path = 'packages/driver-fs/package.json'
  write(path, JSON.stringify({ ...manifest, devDependencies: { jest: '1' } }))
  expect(check()).toEqual(FINE)
  write(path, JSON.stringify({ ...manifest, dependencies: { left: '1' } }))
  expect(check().said).toContain('@stowage/driver-fs has changed')
})

it('is content with a changeset for each package, committed or not, new or added to', () => {
  write('packages/driver-fs/src/index.ts', 'export const a = 2\n')
  changeset('one', { '@stowage/core': 'patch' })
  expect(check().said).toContain('@stowage/driver-fs has changed')
  changeset('one', { '@stowage/core': 'patch', '@stowage/driver-fs': 'patch' })
  expect(check()).toEqual(FINE)
  commit()
  expect(check()).toEqual(FINE)
  expect(check('HEAD')).toEqual(FINE)
})

it('takes no changeset of an earlier change for this one', () => {
  changeset('before', { '@stowage/driver-fs': 'minor' })
  commit()
  git('branch', '--force', 'main', 'change')
  write('packages/driver-fs/src/index.ts', 'export const a = 2\n')
  commit()
  expect(check().said).toContain('@stowage/driver-fs has changed')
})

it('asks for none for tests, pages and a release', () => {
  write('packages/driver-fs/test/index.test.ts', 'it("works", () => {})\n')
  write('packages/driver-fs/README.md', 'More words')
  write('docs/page.md', 'More words')
  expect(check()).toEqual(FINE)
  const released = { name: '@stowage/driver-fs', version: '0.2.1', dependencies: { core: '2' } }
  write('packages/driver-fs/package.json', JSON.stringify(released))
  expect(check()).toEqual(FINE)
})

it('lets no version of core pass that new projects would not ask for', () => {
  write('packages/core/src/index.ts', 'export const a = 2\n')
  changeset('core', { '@stowage/core': 'patch' })
  expect(check()).toEqual(FINE)
  changeset('core', { '@stowage/core': 'minor' })
  expect(check().said).toContain('projects of create-stowage-driver do not ask for')
  changeset('core', { '@stowage/core': 'minor', 'create-stowage-driver': 'patch' })
  expect(check()).toEqual(FINE)
  // One that waits for the next release already is as good.
  changeset('core', { 'create-stowage-driver': 'patch' })
  commit()
  changeset('later', { '@stowage/core': 'minor' })
  expect(check('HEAD')).toEqual(FINE)
})

it('says which commit it does not know', () => {
  expect(check('nowhere')).toMatchObject({ code: 1, said: expect.stringContaining('nowhere') })
})
