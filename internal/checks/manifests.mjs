// Checks that every package.json below packages/ has the house form, and that internal packages stay private.
// One line per deviation: what is wrong, and what it should be.
import { isDeepStrictEqual } from 'node:util'
import { workspaces } from '../../scripts/workspaces.mjs'

const REPOSITORY = 'git+https://github.com/stowage-storage/stowage.git'
const FILES = ['dist']
/** Further entries of the bundle are programs that the package starts by their path. */
const BUILD = /^tsc -b && node \.\.\/\.\.\/scripts\/bundle\.mjs( [\w-]+)*$/
/** What drivers of services over HTTP share. */
const KIT = '@stowage/driver-kit'
const DRIVER_SIDE_EFFECTS = [
  './dist/register.js',
  './src/register.ts',
  './dist/index.js',
  './src/index.ts',
]
/** Third-party dependencies of core and testsuite: whatever they take, every driver's users install. */
const LEAN = { '@stowage/core': [], '@stowage/testsuite': ['fast-check'] }
/** Shared tools have one version, in the catalog of pnpm-workspace.yaml. */
const CATALOG = ['@jest/globals', '@types/jest', '@types/node', 'jest', 'typescript']

const deviations = []

/** Returns functions that note deviations of one package. */
function checker({ dir }) {
  const fail = (text) => deviations.push(`${dir}/package.json: ${text}`)
  const show = (value) => (value === undefined ? 'missing' : JSON.stringify(value))
  const same = (field, actual, wanted) => {
    if (isDeepStrictEqual(actual, wanted)) return
    fail(`"${field}" is ${show(actual)}, should be ${JSON.stringify(wanted)}`)
  }
  return { fail, same }
}

function checkIdentity(workspace, { fail, same }) {
  const { dir, manifest } = workspace
  const folder = dir.split('/')[1]
  // `npm create x` looks for a package named create-x.
  same('name', manifest.name, folder.startsWith('create-') ? folder : `@stowage/${folder}`)
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(manifest.version ?? '')) fail('"version" is not a version')
  if (!manifest.description) fail('"description" is missing')
  if (!manifest.keywords?.includes('stowage')) fail('"keywords" should include "stowage"')
  same('license', manifest.license, 'Apache-2.0')
  same('type', manifest.type, 'module')
  const repository = { type: 'git', url: REPOSITORY, directory: dir }
  same('repository', manifest.repository, repository)
  if (!/^>=22(\.\d+)*$/.test(manifest.engines?.node ?? '')) {
    fail('"engines.node" should be ">=22", or a higher minor of 22 that a dependency needs')
  }
}

/** Whether the package registers a driver. */
const isDriver = (name) => name.startsWith('@stowage/driver-') && name !== KIT

function checkSideEffects({ manifest }, { fail, same }) {
  if (isDriver(manifest.name)) {
    same('sideEffects', manifest.sideEffects, DRIVER_SIDE_EFFECTS)
  } else if (manifest.name in LEAN) {
    same('sideEffects', manifest.sideEffects, false)
  } else if (manifest.sideEffects === undefined) {
    fail('"sideEffects" is missing')
  }
}

/** Each entry point is source, types, default, in that order; what is published lacks the source. */
function checkExports(workspace, { fail, same }) {
  const { exports = {}, publishConfig, bin } = workspace.manifest
  const driver = isDriver(workspace.manifest.name)
  const required = ['./package.json', ...(bin ? [] : ['.']), ...(driver ? ['./register'] : [])]
  for (const name of required) if (!(name in exports)) fail(`"exports" lacks "${name}"`)
  const publicExports = {}
  for (const [name, actual] of Object.entries(exports)) {
    if (name === './package.json') {
      same(`exports["${name}"]`, actual, name)
      publicExports[name] = name
      continue
    }
    const file = name === '.' ? 'index' : name.slice(2)
    const published = { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` }
    const wanted = { '@stowage/source': `./src/${file}.ts`, ...published }
    same(`exports["${name}"]`, actual, wanted)
    const order = Object.keys(wanted).join()
    if (typeof actual === 'object' && Object.keys(actual).join() !== order) {
      fail(`exports["${name}"] should have its conditions in the order ${order}`)
    }
    if (workspace.has('src') && !workspace.has(`src/${file}.ts`)) {
      fail(`exports["${name}"] has no src/${file}.ts`)
    }
    publicExports[name] = published
  }
  same('publishConfig.exports', publishConfig?.exports, publicExports)
  same('publishConfig.access', publishConfig?.access, 'public')
}

function checkContents(workspace, { fail, same }) {
  const { manifest } = workspace
  same('files', manifest.files, workspace.has('template') ? [...FILES, 'template'] : FILES)
  if (!BUILD.test(manifest.scripts?.build ?? '')) fail(`"scripts.build" should match ${BUILD}`)
  same('scripts.test', manifest.scripts?.test, 'node ../../scripts/jest.mjs')
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
    if (manifest.scripts?.[script]) fail(`"scripts.${script}" would run on users' machines`)
  }
  for (const file of ['tsconfig.json', 'tsconfig.test.json', 'jest.config.mjs']) {
    if (!workspace.has(file)) fail(`${file} is missing beside it`)
  }
}

function checkDependencies({ manifest }, { fail }) {
  const { name, dependencies = {}, devDependencies = {} } = manifest
  for (const [other, range] of Object.entries(dependencies)) {
    const ours = other.startsWith('@stowage/')
    if (ours && range !== 'workspace:^') fail(`dependency ${other} should be "workspace:^"`)
    if (!ours && !/^\^\d/.test(range)) fail(`dependency ${other} should be a caret range`)
    if (other.startsWith('@stowage-internal/')) fail(`dependency ${other} is never published`)
    if (isDriver(name) && ours && other !== '@stowage/core' && other !== KIT) {
      fail(`a driver may depend on @stowage/core and ${KIT}, not on ${other}`)
    }
    if (!ours && LEAN[name] && !LEAN[name].includes(other)) fail(`may not depend on ${other}`)
  }
  if (name === '@stowage/core' && Object.keys(dependencies).length > 0)
    fail('core has dependencies')
  for (const tool of CATALOG) {
    const range = dependencies[tool] ?? devDependencies[tool]
    if (range !== undefined && range !== 'catalog:') fail(`${tool} should be "catalog:"`)
  }
  for (const [other, range] of Object.entries(devDependencies)) {
    if (/^@stowage(-internal)?\//.test(other) && !range.startsWith('workspace:')) {
      fail(`devDependency ${other} should be "workspace:"`)
    }
  }
}

const all = workspaces()
for (const workspace of all) {
  const check = checker(workspace)
  if (!workspace.dir.startsWith('packages/')) {
    if (!workspace.manifest.private) check.fail('should be private: only packages/* is published')
    continue
  }
  if (workspace.manifest.private) {
    check.fail('is private; unpublished packages live in internal/ or examples/')
    continue
  }
  checkIdentity(workspace, check)
  checkSideEffects(workspace, check)
  checkExports(workspace, check)
  checkContents(workspace, check)
  checkDependencies(workspace, check)
}

for (const deviation of deviations) console.error(deviation)
if (deviations.length > 0) process.exitCode = 1
else console.log(`manifests: ${all.length} package.json files have the house form`)
