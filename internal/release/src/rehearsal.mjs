// Rehearses releases for real, in a clone of the last commit and against a registry on this machine:
//   npm run check -- release [--show]
// First all packages are published as the next release would; then a fix of one driver, which must release that driver alone, and
// then a new minor of core, which must release what depends on it. What was published is installed into empty folders and
// used, and `npm create stowage-driver` makes a driver that goes from red to green. `--show` prints the changelogs.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { published, root } from '../../../scripts/workspaces.mjs'
import { createDriver } from './create-driver.mjs'
import { startRegistry } from './local-registry.mjs'
import { Problems } from './packing.mjs'

const problems = new Problems('publish')
const temporary = mkdtempSync(join(tmpdir(), 'stowage-publish-'))
const clone = join(temporary, 'clone')
const NPM_FLAGS = ['--no-audit', '--no-fund', '--loglevel=error']

/** Stops at the first thing that goes wrong: everything after it would go wrong as well. */
async function must(what, command, args, options) {
  const output = await problems.must(what, command, args, options)
  if (output === undefined) throw new Error(`${what} failed`)
  return output
}

const git = (...args) => must(`git ${args[0]}`, 'git', args, { cwd: clone })

/** The environment in which npm and pnpm know that registry, and nothing of the user's own settings. */
function npmEnvironment(url) {
  const userconfig = join(temporary, 'npmrc')
  const host = url.replace(/^http:/, '')
  writeFileSync(userconfig, `registry=${url}\n${host}:_authToken=rehearsal\n`)
  return { ...process.env, npm_config_registry: url, npm_config_userconfig: userconfig, CI: 'true' }
}

function versions() {
  const entries = published().map(({ dir, manifest }) => {
    const { version } = JSON.parse(readFileSync(join(clone, dir, 'package.json'), 'utf8'))
    return [manifest.name, version]
  })
  return new Map(entries)
}

/** Runs `changeset version`, commits, and gives the names of the packages that have a new version. */
async function version(label) {
  const before = versions()
  const changeset = join(clone, 'node_modules/.bin/changeset')
  await must(`${label}: changeset version`, changeset, ['version'], { cwd: clone })
  await git('commit', '--quiet', '--all', '--message', label)
  const after = versions()
  const changed = [...after].filter(([name, now]) => before.get(name) !== now)
  console.log(`publish: ${label}: ${changed.map((one) => one.join('@')).join(', ')}`)
  return changed.map(([name]) => name)
}

function expectNames(what, actual, wanted) {
  if (actual.toSorted().join() === wanted.toSorted().join()) return
  problems.add(`${what} releases ${actual.join(', ')}; it should release ${wanted.join(', ')}`)
}

async function publish(label, env) {
  const changeset = join(clone, 'node_modules/.bin/changeset')
  const packing = ['pack', '--out-dir', 'release']
  await must(`${label}: changeset pack`, changeset, packing, { cwd: clone, env })
  const publishing = ['publish', '--from-pack-dir', 'release']
  const output = await must(`${label}: changeset publish`, changeset, publishing, {
    cwd: clone,
    env,
  })
  rmSync(join(clone, 'release'), { recursive: true, force: true })
  const tags = (await git('tag', '--points-at', 'HEAD')).trim().split('\n').filter(Boolean)
  console.log(`publish: ${label}: tagged ${tags.length}`)
  return { output, tags }
}

async function change(file, level, name, text) {
  const body = `---\n"${name}": ${level}\n---\n\n${text}\n`
  writeFileSync(join(clone, '.changeset', `${file}.md`), body)
  await git('add', '--all')
  await git('commit', '--quiet', '--message', text)
}

async function prepare() {
  await must('git clone', 'git', ['clone', '--quiet', '--no-hardlinks', root, clone])
  await git('config', 'user.name', 'Rehearsal')
  await git('config', 'user.email', 'rehearsal@example.invalid')
  const install = ['install', '--frozen-lockfile', '--prefer-offline']
  await must('pnpm install', 'pnpm', install, { cwd: clone })
  await must('pnpm build', 'pnpm', ['run', 'build'], { cwd: clone })
}

/** Installs from the registry into an empty folder, as a user does, and uses it. */
async function use(label, names, env) {
  const project = join(temporary, `use-${label.replaceAll(' ', '-')}`)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true }\n')
  await must(`${label}: npm install`, 'npm', ['install', ...NPM_FLAGS, ...names], {
    cwd: project,
    env,
  })
  const program = `import { create } from '@stowage/core'
import '@stowage/driver-fs'
const storage = await create('fs', { rootDirectory: 'data' })
await storage.putContent('/hello', 'world')
if (String(await storage.getContent('/hello')) !== 'world') throw new Error('other content')\n`
  writeFileSync(join(project, 'program.mjs'), program)
  await must(`${label}: run`, process.execPath, ['program.mjs'], { cwd: project })
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  return (name) => lock.packages[`node_modules/${name}`]?.version
}

function showChangelogs(names) {
  for (const { dir, manifest } of published()) {
    if (!names.includes(manifest.name)) continue
    console.log(
      `\n----- ${dir}/CHANGELOG.md\n${readFileSync(join(clone, dir, 'CHANGELOG.md'), 'utf8')}`,
    )
  }
}

async function rehearse(url) {
  const env = npmEnvironment(url)
  const show = process.argv.includes('--show')
  const all = published().map(({ manifest }) => manifest.name)

  const first = await version('first release')
  expectNames('the first release', first, all)
  const { tags } = await publish('first release', env)
  expectNames(
    'the first release, by its tags,',
    tags.map((tag) => tag.replace(/@[^@]+$/, '')),
    all,
  )
  if (show) showChangelogs(first)
  await use('first release', ['@stowage/core', '@stowage/driver-fs'], env)
  const folder = join(temporary, 'third-party')
  mkdirSync(folder)
  const start = ['create', '--yes', 'stowage-driver', 'rehearsal', '--', '--yes']
  await must('npm create', 'npm', start, { cwd: folder, env })
  await createDriver(join(folder, 'stowage-driver-rehearsal'), { problems, env })

  await change('one-fix', 'patch', '@stowage/driver-fs', 'Fixes one thing in one driver.')
  const second = await version('a fix of one driver')
  expectNames('a fix of driver-fs', second, ['@stowage/driver-fs'])
  await publish('a fix of one driver', env)
  if (show) showChangelogs(second)
  const installed = await use('after the fix', ['@stowage/core', '@stowage/driver-fs'], env)
  if (installed('@stowage/driver-fs') !== versions().get('@stowage/driver-fs')) {
    problems.add(`npm installs driver-fs ${installed('@stowage/driver-fs')} after the fix`)
  }
  const again = await publish('nothing new', env)
  if (!/no unpublished|nothing to publish/i.test(again.output)) {
    problems.add(`a second publish says:\n${again.output}`)
  }

  await change('core-patch', 'patch', '@stowage/core', 'Fixes something in core.')
  expectNames('a patch of core', await version('a patch of core'), ['@stowage/core'])
  await change('core-minor', 'minor', '@stowage/core', 'Adds something to core.')
  const third = await version('a minor of core')
  const dependents = published().filter(({ manifest }) => manifest.dependencies?.['@stowage/core'])
  const wanted = ['@stowage/core', ...dependents.map(({ manifest }) => manifest.name)]
  expectNames('a minor of core, which 0.x takes for breaking,', third, wanted)
  if (show) showChangelogs(['@stowage/core', '@stowage/driver-s3'])
}

try {
  await prepare()
  const registry = await startRegistry(join(temporary, 'registry'))
  try {
    await rehearse(registry.url)
  } finally {
    await registry.stop()
  }
} catch (error) {
  if (problems.count === 0) problems.add(error.stack)
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
console.log(problems.count === 0 ? 'publish: all went well' : `publish: ${problems.count} problems`)
process.exitCode = problems.count === 0 ? 0 : 1
