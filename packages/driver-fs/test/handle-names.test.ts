// Errors name files as the caller knows them, never by the handles that the driver goes through.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { throughHandles } from '../src/beneath.ts'
import { named } from '../src/directory-handles.ts'
import { CONFINES, plainFileSystem } from '../src/node-file-system.ts'
import { failure, temporaryFolder } from './recording.ts'

const root = temporaryFolder()
mkdirSync(join(root, 'from'))
mkdirSync(join(root, 'to'))
writeFileSync(join(root, 'from/file'), 'x')

/** The last call fails, and its error names the paths that it was given. */
const refuse = async (...paths: unknown[]): Promise<never> => {
  const text = paths
    .filter((path) => path !== 'utf8')
    .map((path) => `'${path}'`)
    .join(' -> ')
  throw Object.assign(new Error(`EACCES: ${text}`), { code: 'EACCES', path: paths[0] })
}
const system = throughHandles(
  { ...plainFileSystem, opendir: refuse, copyFile: refuse, rename: refuse, readdir: refuse },
  plainFileSystem,
)
const [from, to] = [join(root, 'from/file'), join(root, 'to/file')]

const CALLS: [name: string, call: () => Promise<unknown>, paths: string[]][] = [
  ['opendir', () => system.opendir(join(root, 'to')), [join(root, 'to')]],
  ['readdir', () => system.readdir(join(root, 'to'), 'utf8'), [join(root, 'to')]],
  ['copyFile', () => system.copyFile(from, to), [from, to]],
  ['rename', () => system.rename(from, to), [from, to]],
]
const onHandles = CONFINES ? it.each : it.skip.each
onHandles(CALLS)('%s is refused by the paths of the caller', async (_, call, paths) => {
  const error = await failure(call())
  expect(error.message).toBe(`EACCES: ${paths.map((path) => `'${path}'`).join(' -> ')}`)
  expect((error as NodeJS.ErrnoException).path).toBe(paths[0])
})

it('a handle whose number begins with that of another one is another one', () => {
  const error = Object.assign(new Error('/proc/self/fd/3/a -> /proc/self/fd/34/b'), {
    code: 'EACCES',
  })
  named(error, { key: '/x', path: '/proc/self/fd/3' })
  expect(error.message).toBe('/x/a -> /proc/self/fd/34/b')
})
