// What packed.mjs writes into the folders it installs packages in: programs that use them as a user would.

/** Parameters with which a driver can be made; nothing is asked of a backend with them. */
const PARAMETERS = {
  inmemory: '{}',
  fs: '{ rootDirectory: here }',
  s3: "{ bucket: 'b', region: 'us-east-1', accessKey: 'key', secretKey: 'secret' }",
  azure: "{ accountName: 'a', accountKey: 'c2VjcmV0', container: 'c' }",
  gcs: "{ bucket: 'b', anonymous: true }",
}
/** Packages that are commands: the file, arguments, and words that it prints. */
const COMMANDS = {
  '@stowage/cli': ['dist/main.js', ['drivers'], 'inmemory'],
  'create-stowage-driver': ['dist/main.js', ['redis', '--directory', 'made'], 'npm run next'],
}
/** What a driver refuses: the compiler does so too. */
const WRONG = '{ surelyNoParameter: 1 }'

/** Stores something, where that needs no server. */
const USE = `
  if (storage.capabilities.persistent === undefined) throw new Error('no capabilities')
  if (local) {
    await storage.putContent('/dir/file', 'content')
    if (String(await storage.getContent('/dir/file')) !== 'content') throw new Error('other content')
  }
  const wrong = await create(kind, ${WRONG}).then(() => 'none', (error) => error.code)
  if (wrong !== 'CONFIG') throw new Error('a wrong parameter gives ' + wrong)
  await storage.close()
  console.log('fine')`

function driverPrograms(name, kind) {
  const local = kind === 'fs' || kind === 'inmemory'
  const body = (here) => `
const [kind, local, here] = ['${kind}', ${local}, ${here}]
const main = async () => {
  const storage = await create(kind, ${PARAMETERS[kind]})${USE}
}
main().catch((error) => { console.error(error); process.exitCode = 1 })
`
  // Both entry points are one copy: a name that two register is refused.
  return {
    'esm.mjs': `import { create } from '@stowage/core'\nimport '${name}'\nimport '${name}/register'
${body("import.meta.dirname + '/data'")}`,
    'cjs.cjs': `const { create } = require('@stowage/core')\nrequire('${name}')\nrequire('${name}/register')
${body("__dirname + '/data'")}`,
  }
}

/** Programs by file name. Each prints "fine" and nothing else, warnings included. */
export function programs({ name, kind }) {
  if (kind !== undefined) return driverPrograms(name, kind)
  if (name in COMMANDS) {
    const [file, args, words] = COMMANDS[name]
    return {
      'command.mjs': `import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
rmSync('made', { recursive: true, force: true })
const bin = join(import.meta.dirname, 'node_modules', '${name}', '${file}')
const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...${JSON.stringify(args)}], { encoding: 'utf8' })
if (status !== 0 || stderr !== '' || !stdout.includes('${words}')) throw new Error(stdout + stderr)
console.log('fine')\n`,
    }
  }
  return {
    'esm.mjs': `await import('@stowage/core')\nawait import('${name}')\nconsole.log('fine')\n`,
    'cjs.cjs': `require('@stowage/core')\nrequire('${name}')\nconsole.log('fine')\n`,
  }
}

/** Typed programs by file name, or undefined for a package that has no types. */
export function typed({ name, kind }) {
  if (name in COMMANDS) return undefined
  if (kind === undefined) {
    return { 'use.mts': `import * as all from '${name}'\nexport const used: object = all\n` }
  }
  const use = `
const here: string = 'data'
async function main(): Promise<void> {
  const storage: StorageDriver = await create('${kind}', ${PARAMETERS[kind]})
  const stream: import('node:stream').Readable = await storage.reader('/file', { offset: 1 })
  for await (const { path, size } of storage.walk('/')) console.log(path.length + size, here)
  stream.destroy()
  // @ts-expect-error: the package says what its parameters are
  await create('${kind}', ${WRONG})
}
void main()
`
  return {
    'use.mts': `import { create, type StorageDriver } from '@stowage/core'\nimport '${name}'\n${use}`,
    'use.cts': `import { create, type StorageDriver } from '@stowage/core'\nimport '${name}'\n${use}`,
  }
}
