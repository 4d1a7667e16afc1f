import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('../go/', import.meta.url))
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/bench/', import.meta.url))

/** Builds the program around the Go drivers; undefined, with the reason on stderr, where that cannot be. */
export function goProgram(): string | undefined {
  mkdirSync(CACHE, { recursive: true })
  const program = `${CACHE}go-drivers`
  const args = ['build', '-o', program, '.']
  const { status, error, stderr } = spawnSync('go', args, { cwd: SOURCES, encoding: 'utf8' })
  if (status === 0) return program
  console.error(`bench: the Go drivers are left out: ${error?.message ?? stderr.trim()}`)
  return undefined
}
