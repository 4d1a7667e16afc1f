// Installs packed packages as a user would, with plain npm in an empty folder, and uses them: which packages come along,
// whether types resolve, whether programs run. packed.mjs calls it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, sizeOf } from './packing.mjs'
import { programs, typed } from './samples.mjs'

const NPM_FLAGS = ['--no-audit', '--no-fund', '--loglevel=error']

/** Names of packages that only one backend's users may have to install. */
const VENDORS = {
  s3: /^(@aws-sdk|@aws-crypto|@smithy)\//,
  azure: /^@azure(-rest)?\//,
  gcs: /^(@google-cloud\/|google-|gaxios$|gcp-metadata$)/,
}
/** What core and the file system driver may take together on a user's disk, in KiB. */
const BUDGET = { '@stowage/driver-fs': 325 }
/** TypeScript lets CommonJS import ESM from this version on, as Node.js does. */
const COMMONJS_SINCE = [5, 8]

/** What is installed together: each driver alone with core, and what else is published. */
export function selections(names) {
  return names
    .filter((name) => name !== '@stowage/core')
    .map((name) => {
      const kind = /driver-(?!kit)([a-z0-9]+)$/.exec(name)?.[1]
      return { name, kind, list: ['@stowage/core', name] }
    })
}

/** Packages that npm put there, by the lockfile it wrote; a name appears once for each copy. */
function installed(project) {
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  return Object.keys(lock.packages)
    .filter((path) => path !== '')
    .map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
}

/** The tarballs that a package needs: its own, and those of ours that it depends on. */
function closure(list, manifests) {
  const all = new Set(list)
  for (const name of all) {
    for (const other of Object.keys(manifests.get(name)?.dependencies ?? {})) {
      if (manifests.has(other)) all.add(other)
    }
  }
  return [...all]
}

function checkTree({ name, kind }, paths, ours, problems) {
  for (const own of ours) {
    const copies = paths.filter((path) => path === own).length
    if (copies !== 1) problems.add(`${name}: ${copies} copies of ${own} are installed`)
  }
  for (const [vendor, pattern] of Object.entries(VENDORS)) {
    const foreign = paths.filter((path) => pattern.test(path))
    if (vendor !== kind && foreign.length > 0) {
      problems.add(`${name} brings what only ${vendor} needs: ${foreign.join(', ')}`)
    }
  }
  const lean = kind === 'fs' || kind === 'inmemory'
  if (lean && paths.length !== 2) problems.add(`${name} brings ${paths.join(', ')}`)
}

/** Installs one selection in an empty folder; gives the folder, or nothing where npm failed. */
export async function install(selection, { tarballs, manifests, temporary, problems }) {
  const project = join(temporary, 'installs', selection.name.replace('/', '-'))
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true }\n')
  const ours = closure(selection.list, manifests)
  const files = ours.map((name) => tarballs.get(name))
  const args = ['install', ...NPM_FLAGS, ...files]
  // npm's cache is quick, but may know less than the registry by now.
  const cached = await run('npm', [...args, '--prefer-offline'], { cwd: project })
  if (cached.code !== 0) {
    const what = `${selection.name}: npm install`
    if ((await problems.must(what, 'npm', args, { cwd: project })) === undefined) return undefined
  }
  const paths = installed(project)
  checkTree(selection, paths, ours, problems)
  const kilobytes = Math.round(sizeOf(join(project, 'node_modules')) / 1024)
  const budget = BUDGET[selection.name] ?? Number.POSITIVE_INFINITY
  if (kilobytes > budget) {
    problems.add(`${selection.name}: ${kilobytes} KiB installed, more than ${budget}`)
  }
  const count = `${paths.length} packages, ${kilobytes} KiB`
  console.log(`packed: ${selection.list.join(' + ')}: ${count}`)
  return project
}

/** Runs what a user might write, as ESM and as CommonJS, on each Node.js. */
export async function runPrograms(selection, project, nodes, problems) {
  for (const [file, source] of Object.entries(programs(selection))) {
    writeFileSync(join(project, file), source)
    for (const { label, node, flags } of nodes) {
      const what = `${selection.name}: ${file} on ${label}`
      const output = await problems.must(what, node, [...flags, file], { cwd: project })
      if (output !== undefined && output !== 'fine\n') {
        problems.add(`${what} printed more than it was to:\n${output}`)
      }
    }
  }
}

/** Checks the types of a program with each compiler, as both kinds of projects have them set up. */
export async function checkTypes(selection, project, compilers, types, problems) {
  const files = typed(selection)
  if (files === undefined) return
  for (const [file, source] of Object.entries(files)) writeFileSync(join(project, file), source)
  for (const { version, tsc } of compilers) {
    for (const resolution of ['nodenext', 'bundler']) {
      const [major, minor] = version.split('.').map(Number)
      const commonJS = major > COMMONJS_SINCE[0] || minor >= COMMONJS_SINCE[1]
      const checked = Object.keys(files).filter((file) => !file.endsWith('.cts') || commonJS)
      const config = {
        files: checked,
        compilerOptions: {
          module: resolution === 'bundler' ? 'esnext' : 'nodenext',
          moduleResolution: resolution,
          target: 'es2022',
          lib: ['es2023'],
          strict: true,
          exactOptionalPropertyTypes: true,
          // Our declarations are to be right, and not only unread.
          skipLibCheck: false,
          noEmit: true,
          types: ['node'],
          typeRoots: [types],
        },
      }
      const name = `tsconfig.${resolution}.json`
      writeFileSync(join(project, name), JSON.stringify(config))
      const what = `${selection.name}: types with TypeScript ${version}, ${resolution}`
      await problems.must(what, process.execPath, [tsc, '-p', name], { cwd: project })
    }
  }
}
