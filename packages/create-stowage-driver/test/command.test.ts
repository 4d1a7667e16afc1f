import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDriver, workshop } from './helpers.ts'

let folder: string
beforeEach(() => {
  folder = workshop()
})
afterEach(() => rmSync(folder, { recursive: true }))

/** All files beneath a directory with their text. */
function project(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
  return new Map(
    files
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [
        path.slice(directory.length + 1).replaceAll('\\', '/'),
        readFileSync(path, 'utf8'),
      ]),
  )
}

it('shows its help and its version', () => {
  const help = createDriver(folder, '--help')
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout).toContain('--template')
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
  expect(createDriver(folder, '-v')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

it.each([
  [[], 'needs a name'],
  [['Redis'], '"Redis" is no name'],
  [['my_driver'], 'lower-case letters and digits'],
  [['../up'], 'no name for a driver'],
  [['2fast'], 'a letter first'],
  [['a--b'], 'no name'],
  [['s3'], '"s3" is the name of @stowage/driver-s3'],
  [['filesystem'], 'the name of @stowage/driver-fs'],
  [['a'.repeat(201)], 'longer than npm allows'],
  [['one', 'two'], 'one name, not 2: one two'],
  [['redis', '--licence', 'MIT'], "Unknown option '--licence'"],
  [['redis', '--license', 'GPL'], '--license is Apache-2.0 or MIT or none, not GPL'],
  [['redis', '--template', 'full'], '--template is minimal or complete, not full'],
])('tells in one line what is wrong with %j, and makes nothing', (args, words) => {
  const { code, stdout, stderr } = createDriver(folder, ...args)
  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toContain(words)
  expect(stderr).toMatch(/^create-stowage-driver: /)
  expect(stderr).not.toContain('    at ')
  expect(readdirSync(folder)).toEqual(['node_modules'])
})

it('writes into a directory that is missing, empty or a fresh clone, and into no other', () => {
  mkdirSync(join(folder, 'empty'))
  mkdirSync(join(folder, 'clone/.git'), { recursive: true })
  for (const directory of ['missing/deep', 'empty', 'clone', join(folder, 'absolute')]) {
    expect(createDriver(folder, 'redis', '--directory', directory)).toMatchObject({ code: 0 })
    expect(existsSync(join(folder, directory.replace(folder, ''), 'package.json'))).toBe(true)
  }
  writeFileSync(join(folder, 'file'), 'mine')
  for (const [directory, words] of [
    ['empty', 'empty is not empty (.github, .gitignore, LICENSE, ...)'],
    ['file', 'file is a file'],
  ] as const) {
    const { code, stderr } = createDriver(folder, 'redis', '--directory', directory)
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(words) })
  }
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine')
})

it('takes the name of the package for that of the driver', () => {
  const { code, stdout } = createDriver(folder, 'stowage-driver-my-store')
  expect(code).toBe(0)
  expect(stdout).toContain('cd ./stowage-driver-my-store\n')
  const files = project(join(folder, 'stowage-driver-my-store'))
  const manifest = JSON.parse(files.get('package.json') ?? '')
  expect(manifest.name).toBe('stowage-driver-my-store')
  expect(manifest.dependencies['@stowage/core']).toMatch(/^\^\d+\.\d+\.\d+$/)
  expect(manifest.devDependencies['@stowage/testsuite']).toMatch(/^\^\d+\.\d+\.\d+$/)
  expect(files.get('src/driver.ts')).toContain('class MyStoreDriver implements Driver')
  expect(files.get('src/index.ts')).toContain("'my-store': MyStoreParameters")
})

it.each(['minimal', 'complete'])('leaves nothing of the template %s unfilled', (template) => {
  createDriver(folder, 'redis', '--template', template)
  const files = project(join(folder, 'stowage-driver-redis'))
  expect(new Set(files.keys())).toEqual(
    new Set([
      '.github/workflows/ci.yml',
      '.gitignore',
      'LICENSE',
      'README.md',
      'package.json',
      'src/driver.ts',
      'src/index.ts',
      'test/conformance.test.ts',
      'test/next.ts',
      'test/storage.ts',
      'tsconfig.build.json',
      'tsconfig.json',
    ]),
  )
  for (const [file, text] of files) {
    expect(`${file}: ${/mydriver|(?<!\$)\{\{/i.exec(text)?.[0]}`).toBe(`${file}: undefined`)
  }
})

it('writes the license that is asked for', () => {
  for (const [license, field, first] of [
    ['apache-2.0', 'Apache-2.0', 'Apache License'],
    ['MIT', 'MIT', 'MIT License'],
    ['none', 'UNLICENSED', undefined],
  ] as const) {
    createDriver(folder, 'redis', '--license', license, '--directory', license)
    const files = project(join(folder, license))
    expect(JSON.parse(files.get('package.json') ?? '').license).toBe(field)
    expect(files.get('LICENSE')?.trim().split('\n')[0]).toBe(first)
  }
})
