// Checks what importing a published package costs, against internal/checks/budgets.json: how many files of ours it loads, their
// size (KiB), that no dependency is loaded before it is used, and the processor time that it adds to the start of a bare
// Node.js, as a part of that start. Loads what is built: dist, not src.
//   node internal/checks/imports.mjs [--runs=15] [--json]
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { published, root } from '../../scripts/workspaces.mjs'

/** A machine that does other things as well gets a slow set of runs; three such in a row are our fault. */
const ATTEMPTS = 3

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
})
const budgets = JSON.parse(readFileSync(join(import.meta.dirname, 'budgets.json'), 'utf8'))
const packages = published().filter(({ manifest }) => '.' in manifest.exports)
const timed = packages.filter(({ manifest }) => budgets[manifest.name]?.start !== undefined)
let failures = 0

function fail(text) {
  failures += 1
  console.error(`imports: ${text}`)
}

/** Runs a module given as text in a new process and returns the JSON that it prints. */
function evaluate(code, cwd = root) {
  const args = ['--input-type=module', '--eval', code]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** The files that an import loads, with their sizes; each name of a dependency that is not ours. */
function loaded({ path }) {
  const files = evaluate(
    `import { registerHooks } from 'node:module'
const files = []
registerHooks({ load(url, context, next) {
  const result = next(url, context)
  if (url.startsWith('file:')) files.push([decodeURI(url), result.source?.length ?? 0])
  return result
} })
await import(${JSON.stringify(entryOf(path))})
console.log(JSON.stringify(files))`,
  )
  const ours = files.filter(([url]) => !url.includes('/node_modules/'))
  return { ours, foreign: files.filter((file) => !ours.includes(file)).map(([url]) => url) }
}

function entryOf(path) {
  return new URL(`file://${join(path, 'dist', 'index.js').split(sep).join('/')}`).href
}

/** The processor time in ms that a process has used after it has imported nothing, or one package. */
function startOf(workspace) {
  const load = workspace ? `await import(${JSON.stringify(entryOf(workspace.path))})\n` : ''
  return evaluate(
    `${load}const { user, system } = process.cpuUsage()\nconsole.log((user + system) / 1e3)`,
  )
}

/** The least of several interleaved runs each: other work on the machine only ever adds to it. */
function starts(runs) {
  const least = new Map()
  for (let run = 0; run < runs; run += 1) {
    for (const workspace of [undefined, ...timed]) {
      least.set(workspace, Math.min(startOf(workspace), least.get(workspace) ?? Infinity))
    }
  }
  return least
}

function checkFiles(workspace) {
  const { name } = workspace.manifest
  const { ours, foreign } = loaded(workspace)
  const kilobytes = ours.reduce((sum, [, size]) => sum + size, 0) / 1024
  const { modules = Infinity, script = Infinity, start } = budgets[name] ?? {}
  if (ours.length > modules) {
    fail(
      `${name} loads ${ours.length} files, not ${modules}: ${ours.map(([url]) => url).join(' ')}`,
    )
  }
  if (kilobytes > script) fail(`${name} loads ${kilobytes.toFixed(0)} KiB, more than ${script}`)
  if (start !== undefined && foreign.length > 0) {
    fail(`${name} loads a dependency when it is imported: ${foreign[0]}`)
  }
  return { name, modules: ours.length, kilobytes: Math.round(kilobytes) }
}

function checkTime(report) {
  for (let attempt = 1; ; attempt += 1) {
    const least = starts(Number(values.runs))
    const bare = least.get(undefined)
    const slow = []
    for (const workspace of timed) {
      const { name } = workspace.manifest
      const added = least.get(workspace) - bare
      Object.assign(report.get(name), { added, bare })
      const part = added / bare
      if (part > budgets[name].start) slow.push(`${name} adds ${(part * 100).toFixed(0)} %`)
    }
    if (slow.length === 0) return
    if (attempt === ATTEMPTS) return fail(`to the start of Node.js, ${slow.join(', ')}`)
  }
}

const report = new Map(packages.map((each) => [each.manifest.name, checkFiles(each)]))
checkTime(report)
if (values.json) console.log(JSON.stringify([...report.values()], undefined, 2))
else {
  for (const { name, modules, kilobytes, added, bare } of report.values()) {
    const time = added === undefined ? '' : `, ${added.toFixed(1)} ms on ${bare.toFixed(1)} ms`
    console.log(`imports: ${name} = ${modules} files, ${kilobytes} KiB${time}`)
  }
}
if (failures > 0) process.exitCode = 1
