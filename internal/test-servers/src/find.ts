// Finds programs on PATH and in the cache; installs nothing.

import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { patient } from '../../jest-preset/patience.mjs'
import type { Program } from './catalog.ts'
import { cacheDir } from './paths.ts'

/** A program that can be started: `command` with `prefix` before its own arguments. */
export interface Found {
  readonly command: string
  readonly prefix: readonly string[]
  readonly version: string
}

/** Why a program cannot be started, and the command that would change it. */
export interface Missing {
  readonly name: string
  readonly reason: string
  readonly remedy: string
}

const run = promisify(execFile)
const executable = process.platform === 'win32' ? '.exe' : ''

/** The full path of a command on PATH, or undefined. */
export async function onPath(command: string): Promise<string | undefined> {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    if (dir === '') continue
    const file = join(dir, command + executable)
    if (await canRun(file)) return file
  }
  return undefined
}

async function canRun(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** The folder in the cache that holds, or will hold, an installable program. */
export function cacheFolder(program: Program): string {
  return join(cacheDir(), `${program.name}-${program.version ?? 'any'}`)
}

/** The program in the cache, whose version is the one that the tests were written against, or on PATH. */
export async function find(program: Program): Promise<Found | Missing> {
  return (await inCache(program)) ?? (await commandsOnPath(program)) ?? missing(program)
}

export function isFound(found: Found | Missing): found is Found {
  return 'command' in found
}

/** The installed program of exactly the catalogue's version. */
export async function inCache(program: Program): Promise<Found | undefined> {
  const { recipe, version } = program
  if (!recipe || !version) return undefined
  const folder = cacheFolder(program)
  if (recipe.kind === 'go') {
    const command = join(folder, `${program.commands[0]}${executable}`)
    return (await canRun(command)) ? { command, prefix: [], version } : undefined
  }
  const command = pythonIn(folder)
  return (await canRun(command)) ? { command, prefix: ['-m', recipe.module], version } : undefined
}

/** The interpreter of a Python virtual environment. */
export function pythonIn(folder: string): string {
  return process.platform === 'win32'
    ? join(folder, 'Scripts', 'python.exe')
    : join(folder, 'bin', 'python')
}

async function commandsOnPath(program: Program): Promise<Found | undefined> {
  const paths = await Promise.all(program.commands.map(onPath))
  const [command] = paths
  if (command === undefined || paths.includes(undefined)) return undefined
  return { command, prefix: [], version: await askVersion(command, program.versionArguments) }
}

async function askVersion(command: string, args: readonly string[] | undefined): Promise<string> {
  if (!args) return 'unknown version'
  try {
    const { stdout } = await run(command, args, { timeout: patient(60_000) })
    return /\d+(?:\.\d+)+[-\w.]*/.exec(stdout)?.[0] ?? 'unknown version'
  } catch {
    return 'unknown version'
  }
}

/** What a report says about a program that is not there. */
export async function missing(program: Program): Promise<Missing> {
  const { name, recipe } = program
  const install = `node scripts/with-toolchain.mjs node internal/test-servers/src/install.ts ${name}`
  if (!recipe) {
    const paths = await Promise.all(program.commands.map(onPath))
    const absent = program.commands.filter((_, index) => paths[index] === undefined)
    return {
      name,
      reason: `not on PATH: ${absent.join(', ')}`,
      remedy: program.byRoot ?? `install ${name}`,
    }
  }
  const tool = recipe.kind === 'go' ? 'go' : 'python3'
  if (await onPath(tool)) return { name, reason: 'not installed', remedy: install }
  return {
    name,
    reason: `not installed, and ${tool} is not on PATH`,
    remedy: `install ${tool}, then ${install}`,
  }
}
