// Plays what an author does with a project of `npm create stowage-driver`, outside of this repository: install, see the suite
// red, apply a worked solution (the complete template), see it green, build, pack, and use the driver by the `stowage` command.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../../scripts/workspaces.mjs'
import { run } from './packing.mjs'

const NPM_FLAGS = ['--no-audit', '--no-fund', '--loglevel=error']
/** The command, and what it depends on. */
const COMMAND = ['cli', 'core', 'testsuite', 'driver-fs', 'driver-inmemory'].map(
  (name) => `@stowage/${name}`,
)
const SOLUTION = join(root, 'packages/create-stowage-driver/template/complete/src/driver.ts')

/** Lets a project use tarballs in place of what is published. */
function useTarballs(project, tarballs) {
  const path = join(project, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  for (const dependencies of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(dependencies)) {
      if (tarballs.has(name)) dependencies[name] = `file:${tarballs.get(name)}`
    }
  }
  writeFileSync(path, JSON.stringify(manifest, null, 2))
}

/** The solution, for a driver of that name. */
function solve(project, name) {
  const text = readFileSync(SOLUTION, 'utf8')
  const pascal = name.replace(/(?:^|-)(.)/g, (_, letter) => letter.toUpperCase())
  const solved = text.replaceAll('mydriver', name).replaceAll('Mydriver', pascal)
  writeFileSync(join(project, 'src/driver.ts'), solved)
}

/** Needs either `tarballs` or an `env` with a registry that has our packages. */
export async function createDriver(project, { problems, env = process.env, tarballs = new Map() }) {
  const name = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).name
  const options = { cwd: project, env }
  const must = (what, ...args) => problems.must(`${name}: ${what}`, 'npm', args, options)
  useTarballs(project, tarballs)
  if ((await must('install', 'install', ...NPM_FLAGS)) === undefined) return
  await must('types of the skeleton', 'run', '-s', 'typecheck')
  const red = await run('npm', ['run', '-s', 'next'], options)
  if (red.code !== 1 || !red.output.includes('stage 1 of')) {
    problems.add(`${name}: the skeleton is to stop at stage 1, but:\n${red.output}`)
  }
  if ((await run('npm', ['test'], options)).code === 0)
    problems.add(`${name}: the skeleton is green`)
  solve(project, name.replace('stowage-driver-', ''))
  await must('types of the solution', 'run', '-s', 'typecheck')
  await must('stages of the solution', 'run', '-s', 'next')
  await must('suite of the solution', 'test')
  await must('build', 'run', '-s', 'build')
  await useByCommand(project, name, { problems, env, tarballs })
}

/** Packs the driver and installs it beside the command, which finds it by its name. */
async function useByCommand(project, name, { problems, env, tarballs }) {
  const must = (what, args, cwd) => problems.must(`${name}: ${what}`, 'npm', args, { cwd, env })
  const folder = join(dirname(project), 'user')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  await must('pack', ['pack', '--ignore-scripts', '--pack-destination', folder], project)
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))
  const ours = COMMAND.map((one) => tarballs.get(one) ?? one)
  const install = ['install', ...NPM_FLAGS, `./${tarball}`, ...ours]
  if ((await must('install it beside the command', install, folder)) === undefined) return
  const storage = `${name.replace('stowage-driver-', '')}:?location={}`
  // By name, as the README of a driver says: of a URL the command imports no third party's package.
  const words = ['conformance', storage, '--only', 'list-', '--import', name]
  await must('stowage conformance', ['exec', '--offline', '--', 'stowage', ...words], folder)
}
