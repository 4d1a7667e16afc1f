// What importing and installing the packages costs.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Spread, spread } from './stats.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const HERE = fileURLToPath(new URL('../', import.meta.url))

/** Milliseconds over a bare Node.js. */
const IMPORT_GOALS: Readonly<Record<string, number>> = {
  '@stowage/core': 5,
  '@stowage/driver-fs': 20,
  '@stowage/driver-s3': 20,
  '@stowage/driver-azure': 20,
  '@stowage/driver-gcs': 20,
}
const RIVALS = [
  '@aws-sdk/client-s3',
  '@azure/storage-blob',
  '@google-cloud/storage',
  '@flystorage/file-storage',
  'flydrive',
  'unstorage',
  'opendal',
]

export interface ImportRow {
  readonly name: string
  /** What a process takes longer that imports it, in ms by the clock, in the same round. */
  readonly added: Spread
  /** The same of the processor's time, which others on the machine disturb less. */
  readonly cpu: Spread
  readonly goal: number | undefined
}

/** Starts Node.js again and again, in turns with nothing and with each package to import. */
export function measureImports(rounds: number): ImportRow[] {
  const folder = mkdtempSync(join(HERE, '.imports-'))
  try {
    const names = [...Object.keys(IMPORT_GOALS), ...RIVALS]
    const files = ['', ...names].map((name, index) => {
      const file = join(folder, `${index}.mjs`)
      const report =
        'const { user, system } = process.cpuUsage()\nconsole.log((user + system) / 1e3)'
      writeFileSync(file, `${name && `import '${name}'\n`}${report}\n`)
      return file
    })
    const times = files.map((): Start[] => [])
    for (let round = 0; round < rounds; round++) {
      for (const [index, file] of files.entries()) times[index]?.push(start(file))
    }
    return names.map((name, index) => {
      const over = (key: keyof Start): Spread =>
        spread(
          (times[index + 1] ?? []).map((own, round) => own[key] - (times[0]?.[round]?.[key] ?? 0)),
        )
      return { name, added: over('ms'), cpu: over('cpuMs'), goal: IMPORT_GOALS[name] }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Start {
  readonly ms: number
  readonly cpuMs: number
}

function start(file: string): Start {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
  if (status === 0) return { ms: performance.now() - started, cpuMs: Number(stdout) }
  throw new Error(`a package does not load: ${stderr}`)
}

export interface InstallRow {
  readonly title: string
  readonly packages: number
  readonly kibibytes: number
  readonly goal?: { readonly packages: number; readonly kibibytes: number }
}

const INSTALLS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['core + driver-fs', ['core', 'driver-fs']],
  ['core + driver-s3', ['core', 'driver-s3']],
  ['core + driver-azure', ['core', 'driver-azure']],
  ['core + driver-gcs', ['core', 'driver-gcs']],
]
/** The one that is to stay small. */
const SMALLEST = { title: 'core + driver-fs', goal: { packages: 2, kibibytes: 300 } }
const RIVAL_INSTALLS = [
  ['@flystorage/file-storage', '@flystorage/local-fs'],
  ['@flystorage/file-storage', '@flystorage/aws-s3'],
  ['flydrive'],
  ['unstorage'],
]

/** Installs packed packages with npm, each set into an empty folder; what npm cannot install is left out. */
export function measureInstalls(log: (text: string) => void): InstallRow[] {
  const folder = mkdtempSync(join(tmpdir(), 'bench-install-'))
  const sets = [
    ...INSTALLS.map(([title, names]) => ({
      title,
      what: () => names.map((name) => pack(name, folder)),
    })),
    ...RIVAL_INSTALLS.map((names) => ({ title: names.join(' + '), what: () => names })),
  ]
  try {
    return sets.flatMap(({ title, what }) => {
      try {
        const goal = title === SMALLEST.title ? { goal: SMALLEST.goal } : {}
        return [{ ...install(title, what(), folder), ...goal }]
      } catch (error) {
        log(`install of ${title}: ${(error as Error).message}`)
        return []
      }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function pack(name: string, folder: string): string {
  const target = join(folder, 'tarballs', name)
  if (!existsSync(target)) {
    mkdirSync(target, { recursive: true })
    must('pnpm', ['pack', '--pack-destination', target], join(ROOT, 'packages', name))
  }
  return join(target, readdirSync(target).find((file) => file.endsWith('.tgz')) ?? '')
}

function install(title: string, what: readonly string[], folder: string): InstallRow {
  const project = mkdtempSync(join(folder, 'project-'))
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n')
  const flags = [
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--ignore-scripts',
    '--loglevel=error',
  ]
  must('npm', ['install', ...flags, ...what], project)
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  const packages = Object.keys(lock.packages).filter((path) => path !== '').length
  return { title, packages, kibibytes: Math.round(sizeOf(join(project, 'node_modules')) / 1024) }
}

function sizeOf(path: string): number {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

function must(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}
