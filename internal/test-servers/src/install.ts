// Installs what can be installed without root into the cache:
//   node internal/test-servers/src/install.ts [NAME ...]
// Without names everything. What is there already is left alone, so it can run again at any time.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Program, programs } from './catalog.ts'
import {
  cacheFolder,
  type Found,
  find,
  inCache,
  isFound,
  type Missing,
  missing,
  onPath,
  pythonIn,
} from './find.ts'
import { cacheDir } from './paths.ts'

/** What `install` tells while it works; a line without a line end. */
export type Progress = (line: string) => void

/** Installs the program unless it is in the cache. A failure does not throw, but comes back as the reason. */
export async function install(
  program: Program,
  progress: Progress = () => {},
): Promise<Found | Missing> {
  const found = (await inCache(program)) ?? (await missing(program))
  if (isFound(found)) return found
  if (!program.recipe) return find(program)
  const tool = program.recipe.kind === 'go' ? 'go' : 'python3'
  if ((await onPath(tool)) === undefined) return found
  progress(`installing ${program.name} ${program.version} (once; this can take minutes)`)
  try {
    await build(program)
  } catch (error) {
    const reason = `installing it failed: ${error instanceof Error ? error.message : error}`
    return { name: program.name, reason, remedy: found.remedy }
  }
  return find(program)
}

/** Builds in a folder of its own; the rename makes it appear in one step, whoever else installs meanwhile. */
async function build(program: Program): Promise<void> {
  await mkdir(cacheDir(), { recursive: true })
  const folder = cacheFolder(program)
  const temporary = await mkdtemp(`${folder}.tmp-`)
  try {
    if (program.recipe?.kind === 'go') {
      const { module, version } = program.recipe
      const env = { GOBIN: temporary, GOFLAGS: '' }
      await tool('go', ['install', '-ldflags=-s -w', `${module}@${version}`], env)
    } else if (program.recipe?.kind === 'python') {
      await tool('python3', ['-m', 'venv', temporary], {})
      const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
      await tool(
        pythonIn(temporary),
        ['-m', 'pip', 'install', ...quiet, ...program.recipe.packages],
        {},
      )
    }
    await rename(temporary, folder).catch(async (error: unknown) => {
      if (!(await inCache(program))) throw error // otherwise another process was quicker
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** Runs a tool at low priority to its end; an error carries the last lines that it printed. */
function tool(command: string, args: string[], env: Record<string, string>): Promise<void> {
  const low = process.platform === 'win32' ? [] : ['nice', '-n', '10']
  const [first = command, ...rest] = [...low, command, ...args]
  return new Promise((resolve, reject) => {
    const child = spawn(first, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      cwd: cacheDir(),
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000)
      })
    }
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) return resolve()
      const last = said.trim().split('\n').slice(-5).join('\n')
      reject(new Error(`\`${command} ${args.join(' ')}\` ended with ${code}\n${last}`))
    })
  })
}

/** What the command line does. Returns the exit code: 1 only if something named could not be installed. */
async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !programs.some((program) => program.name === name))
  if (unknown.length > 0) {
    const known = programs.map(({ name }) => name).join(', ')
    console.error(`unknown server: ${unknown.join(', ')}; known are ${known}`)
    return 2
  }
  let failed = 0
  for (const program of programs) {
    if (names.length > 0 && !names.includes(program.name)) continue
    const started = Date.now()
    const result = await install(program, (line) => console.log(`${program.name}: ${line}`))
    const took = ((Date.now() - started) / 1000).toFixed(1)
    if (isFound(result)) {
      console.log(`${program.name}: ${result.version}, ${result.command} (${took} s)`)
    } else {
      if (names.length > 0 || !result.reason.startsWith('not ')) failed++
      console.log(`${program.name}: ${result.reason}; to install: ${result.remedy}`)
    }
  }
  return failed > 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2))
}
