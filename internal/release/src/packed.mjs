// Checks what a user would get: packs every published package, looks at the tarballs with publint and attw and at their
// size (internal/checks/budgets.json), then installs each driver alone from them with plain npm in an empty folder, and uses it
// as ESM, as CommonJS and from TypeScript.
//   npm run check -- packed    with this Node.js and this repository's TypeScript
//   npm run check -- matrix    with each Node.js and each TypeScript that users may have
// Works in a temporary folder and leaves nothing behind.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { published, root } from '../../../scripts/workspaces.mjs'
import { createDriver } from './create-driver.mjs'
import { checkTypes, install, runPrograms, selections } from './installs.mjs'
import { Problems, pack, sizeOf } from './packing.mjs'
import { allTools, ownTools } from './versions.mjs'

const local = (name) => join(root, 'node_modules', '.bin', name)
const budgets = JSON.parse(readFileSync(join(root, 'internal/checks/budgets.json'), 'utf8'))
const matrix = process.argv.includes('--matrix')
const problems = new Problems('packed')

async function inspect({ dir, manifest }, tarball) {
  await problems.must(`${dir}: publint`, local('publint'), ['run', tarball, '--strict'])
  if (!('.' in manifest.exports)) return
  const flags = ['--profile', 'esm-only', '--no-emoji', '--no-color']
  await problems.must(`${dir}: are the types wrong?`, local('attw'), [tarball, ...flags])
}

/** What a tarball must and must not contain; entry points that are missing say "not built". */
async function contents({ dir, manifest }, tarball) {
  const listing = await problems.must(`${dir}: tar`, 'tar', ['-tzf', tarball])
  if (listing === undefined) return
  const files = new Set(listing.split('\n').map((line) => line.replace(/^package\//, '')))
  const entries = Object.values(manifest.publishConfig?.exports ?? {}).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  const wanted = [...entries, ...Object.values(manifest.bin ?? {}), 'LICENSE']
  for (const file of wanted.map((name) => name.replace(/^\.\//, ''))) {
    if (!files.has(file)) problems.add(`${dir}: the tarball lacks ${file}`)
  }
  for (const file of files) {
    const isTemplate = file.startsWith('template/')
    if (!isTemplate && /tsbuildinfo$|^(src|test|build)\/|\.test\./.test(file)) {
      problems.add(`${dir}: the tarball contains ${file}`)
    }
  }
}

/** The size of a package on users' disks must stay what internal/checks/budgets.json allows, in KiB. */
async function weigh({ dir, manifest }, tarball, temporary) {
  const target = join(temporary, 'unpacked', manifest.name.replace('/', '-'))
  mkdirSync(target, { recursive: true })
  await problems.must(`${dir}: tar`, 'tar', ['-xzf', tarball, '-C', target])
  const kilobytes = Math.round(sizeOf(target) / 1024)
  const limit = budgets[manifest.name]?.tarball
  if (limit === undefined)
    problems.add(`${manifest.name} is missing in internal/checks/budgets.json`)
  else if (kilobytes > limit) {
    problems.add(
      `${manifest.name} has ${kilobytes} KiB, more than the ${limit} KiB in internal/checks/budgets.json`,
    )
  }
}

/** What `npm create stowage-driver` makes is brought from red to green with what is packed. */
async function startThirdParty(tarballs, temporary) {
  const folder = join(temporary, 'third-party')
  mkdirSync(folder)
  const packed = join(temporary, 'installs', 'create-stowage-driver', 'node_modules')
  const program = join(packed, 'create-stowage-driver', 'dist', 'main.js')
  const made = await problems.must('create-stowage-driver', process.execPath, [program, 'redis'], {
    cwd: folder,
  })
  if (made === undefined) return
  await createDriver(join(folder, 'stowage-driver-redis'), { problems, tarballs })
}

/** Uses each selection with the tools; `--matrix` chooses which. */
async function useAll(tarballs, packages, temporary) {
  const { nodes, compilers, types } = matrix ? await allTools() : ownTools()
  const manifests = new Map(packages.map(({ manifest }) => [manifest.name, manifest]))
  const context = { tarballs, manifests, temporary, problems }
  for (const selection of selections([...tarballs.keys()])) {
    const project = await install(selection, context)
    if (project === undefined) continue
    await runPrograms(selection, project, nodes, problems)
    await checkTypes(selection, project, compilers, types, problems)
  }
  await startThirdParty(tarballs, temporary)
  const labels = nodes.map(({ label }) => label).join(', ')
  const versions = compilers.map(({ version }) => version).join(', ')
  if (problems.count === 0) {
    console.log(`packed: all of them work on ${labels}, with TypeScript ${versions}`)
  }
}

async function main(temporary) {
  const tarballs = new Map()
  const packages = published()
  const unbuilt = packages.filter((workspace) => !workspace.has('dist'))
  for (const { dir } of unbuilt)
    problems.add(`${dir}: not built (no dist); run \`npm run pnpm -- build\` first`)
  if (unbuilt.length > 0) return
  for (const workspace of packages) {
    const tarball = await pack(workspace, temporary, problems)
    if (!tarball) continue
    tarballs.set(workspace.manifest.name, tarball)
    await Promise.all([
      inspect(workspace, tarball),
      contents(workspace, tarball),
      weigh(workspace, tarball, temporary),
    ])
  }
  if (tarballs.size < packages.length) return
  if (problems.count === 0) console.log(`packed: ${tarballs.size} tarballs are well-formed`)
  await useAll(tarballs, packages, temporary)
}

const temporary = mkdtempSync(join(tmpdir(), 'stowage-packed-'))
try {
  await main(temporary)
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
if (problems.count > 0) process.exitCode = 1
