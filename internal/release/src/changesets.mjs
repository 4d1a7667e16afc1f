// Checks that every published package that has changed since a commit has a changeset:
//   node internal/release/src/changesets.mjs [commit]      by default, where this branch left origin/main or main
// A package has changed where its sources or templates have, or what its package.json says to users. A commit that makes the
// versions of a release uses its changesets up, so a package with a new version needs none.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { published, root } from '../../../scripts/workspaces.mjs'

/** What of a package.json users get to feel. */
const FIELDS = [
  ...['bin', 'dependencies', 'engines', 'exports', 'files', 'name', 'optionalDependencies'],
  ...['peerDependencies', 'peerDependenciesMeta', 'publishConfig', 'sideEffects', 'type'],
]
/** New projects name a range of these: a version beyond it has to release the package that makes them. */
const TEMPLATE = {
  package: 'create-stowage-driver',
  names: ['@stowage/core', '@stowage/testsuite'],
}

function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : { failed: stderr.trim() }
}

/** The commit that this branch is to be compared with. */
function defaultBase() {
  for (const branch of ['origin/main', 'main']) {
    const base = git('merge-base', 'HEAD', branch)
    if (typeof base === 'string') return base
  }
  throw new Error('there is no main branch here to compare with; name a commit')
}

/** What changesets say that were written or added to since the base: levels by package. */
function announced(files) {
  const levels = new Map()
  for (const file of files.filter((name) => /^\.changeset\/(?!README).*\.md$/.test(name))) {
    const text = readFileSync(join(root, file), 'utf8')
    const head = /^---\n(.*?)\n?---/s.exec(text)?.[1] ?? ''
    for (const [, name, level] of head.matchAll(
      /^["']?([^"'\n]+)["']?: *(major|minor|patch) *$/gm,
    )) {
      levels.set(name, level)
    }
  }
  return levels
}

/** Whether something of the package has changed that its users get; a release itself does not count. */
function hasChanged(base, { dir, manifest }, files) {
  const before = git('show', `${base}:${dir}/package.json`)
  const old = typeof before === 'string' ? JSON.parse(before) : {}
  if (old.version !== undefined && old.version !== manifest.version) return false
  const contents = new RegExp(`^${dir}/(src|template)/`)
  if (files.some((file) => contents.test(file))) return true
  return FIELDS.some((field) => !isDeepStrictEqual(old[field], manifest[field]))
}

/** One line for each package that lacks a changeset. @throws Error where git knows no such commit. */
function missingChangesets(base) {
  const since = git('diff', '--name-only', '--diff-filter=d', base)
  const untracked = git('ls-files', '--others', '--exclude-standard')
  if (typeof since !== 'string') throw new Error(since.failed)
  const files = [...since.split('\n'), ...untracked.split('\n')]
  // What is removed has changed, too; a changeset that is removed says nothing any more.
  const removed = git('diff', '--name-only', '--diff-filter=D', base).split('\n')
  const levels = announced(files)
  const problems = published()
    .filter(({ manifest }) => !levels.has(manifest.name))
    .filter((workspace) => hasChanged(base, workspace, [...files, ...removed]))
    .map(({ manifest }) => `${manifest.name} has changed and has no changeset`)
  const beyond = TEMPLATE.names.filter((name) => ['minor', 'major'].includes(levels.get(name)))
  const pending = readdirSync(join(root, '.changeset')).map((file) => `.changeset/${file}`)
  if (beyond.length > 0 && !announced(pending).has(TEMPLATE.package)) {
    problems.push(
      `${beyond.join(', ')} gets a version that projects of ${TEMPLATE.package} do not ask for: release that, too`,
    )
  }
  return problems
}

const problems = missingChangesets(process.argv[2] ?? defaultBase())
for (const problem of problems) console.error(`changesets: ${problem}`)
if (problems.length > 0) {
  console.error('changesets: `npm run pnpm -- changeset` writes one; commit the file')
  process.exitCode = 1
} else console.log('changesets: every package that has changed has one')
