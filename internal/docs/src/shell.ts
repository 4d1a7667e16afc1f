// The shell commands in the documentation, run in a sandbox: `stowage` is the real command, what it finds is made up,
// buckets are directories, and nothing is installed.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { patient } from '@stowage-internal/jest-preset/patience'
import { type Block, root } from './markdown.ts'

const FLAGS = '--conditions=@stowage/source --disable-warning=ExperimentalWarning'

/** Commands that the sandbox has in place of the machine's. */
const COMMANDS: Readonly<Record<string, string>> = {
  // Of the suite, one area: the whole of it takes as long as all other commands together.
  stowage: `[ "$1" != conformance ] || set -- "$@" --only content-
exec '${process.execPath}' ${FLAGS} '${join(root, 'packages/cli/src/main.ts')}' "$@"`,
  jq: 'exec cat',
  ...Object.fromEntries(['npm', 'npx', 'pnpm', 'sudo'].map((name) => [name, 'exit 0'])),
}

/** What is there before the first command, by path in the sandbox. */
const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'report.pdf': 'a report',
  'site/index.html': '<p>hello</p>',
  'site/about/index.html': '<p>about</p>',
  'var/data/docker/registry/v2/layer': 'a layer',
  'var/data/reports/2026.csv': 'month,total\n',
  'var/data/big.bin': Buffer.alloc(2 * 1024 * 1024, 7),
  'bucket/bucket/www/index.html': '<p>old</p>',
  'bucket/bucket/prefix/a': 'a',
  'bucket/backup/a': 'a',
}

/** Whether the block is a script. */
export function isScript({ language }: Block): boolean {
  return language === 'sh' || language === 'bash'
}

/** Where the commands of one page run. */
export class Sandbox {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
    for (const [name, content] of Object.entries(FILES)) this.#write(name, content)
    for (const [name, script] of Object.entries(COMMANDS)) {
      const file = this.#write(`bin/${name}`, `#!/bin/sh\n${script}\n`)
      chmodSync(file, 0o755)
    }
  }

  #write(name: string, content: string | Uint8Array): string {
    const file = join(this.#directory, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    return file
  }

  /** Runs the script up to the first command that fails. */
  run(script: string): { status: number | null; output: string } {
    const { PATH, HOME } = process.env
    const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euc', this.#here(script)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.#directory,
      encoding: 'utf8',
      timeout: patient(900_000),
      env: {
        PATH: `${join(this.#directory, 'bin')}:${PATH}`,
        HOME,
        NODE_COMPILE_CACHE: join(root, 'packages/cli/node_modules/.cache/compile'),
      },
    })
    return { status, output: `${stdout}${stderr}` }
  }

  /** The script with the sandbox's places in it: buckets are directories, and so is /var/data. */
  #here(script: string): string {
    return script
      .replace(
        /\b(?:s3|azure|gcs):\/\/([^\s'"?#]+)(?:\?[^\s'"#]*)?/g,
        `fs://${this.#directory}/bucket/$1`,
      )
      .replace(/(?<![\w.])\/var\/data\b/g, `${this.#directory}/var/data`)
  }
}

/** What a script asks of npm that is not there: a package of ours or, unless it runs elsewhere, a script of ours. */
export function npmProblems({ code, mark }: Block, packages: ReadonlySet<string>): string[] {
  const problems: string[] = []
  for (const [, name = ''] of code.matchAll(/\bnpm (?:install|i)\b.*?(@stowage\/[\w-]+)/g)) {
    if (!packages.has(name)) problems.push(`there is no package ${name}`)
  }
  if (mark !== undefined) return problems
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const [, name = ''] of code.matchAll(/\b(?:npm run(?: --\w+)*|npm) ([\w:-]+)/g)) {
    const known = ['install', 'i', 'create', 'run', ...Object.keys(scripts)]
    if (!known.includes(name)) problems.push(`there is no script ${name}`)
  }
  return problems
}
