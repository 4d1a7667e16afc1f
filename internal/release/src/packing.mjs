// What the checks of packed packages share: running a command, packing a package, and counting what went wrong.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const win = process.platform === 'win32'

/** Notes failures, and prints each with the name of the check. */
export class Problems {
  count = 0
  #check

  constructor(check) {
    this.#check = check
  }

  add(text) {
    this.count += 1
    console.error(`${this.#check}: ${text}`)
  }

  /** Runs a command; its failure is a problem with everything it said, and then there is no output. */
  async must(what, command, args, options = {}) {
    const { code, output } = await run(command, args, options)
    if (code !== 0) this.add(`${what}\n${output.trimEnd().replaceAll(/^/gm, '    ')}`)
    return code === 0 ? output : undefined
  }
}

/** Runs a command and resolves to its exit code and everything it said. */
export function run(command, args, { cwd, env = process.env, input } = {}) {
  return new Promise((resolve) => {
    const stdio = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']
    const child = spawn(command, args, { cwd, env, stdio, shell: win && !command.endsWith('.exe') })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', (error) => resolve({ code: 127, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
    child.stdin?.end(input)
  })
}

/** Packs one package as it would be published, into a folder of its own; gives the tarball's path. */
export async function pack({ dir, path, manifest }, temporary, problems) {
  const target = join(temporary, 'tarballs', manifest.name.replace('/', '-'))
  mkdirSync(target, { recursive: true })
  const args = ['pack', '--pack-destination', target]
  await problems.must(`${dir}: pnpm pack failed`, 'pnpm', args, { cwd: path })
  const tarball = readdirSync(target).find((file) => file.endsWith('.tgz'))
  return tarball && join(target, tarball)
}

/** Bytes of a file, or of all files in a folder. */
export function sizeOf(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}
