// The benchmark: see options.ts for what it can be told, docs/benchmarks/README.md for what it means.
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { resolve } from 'node:path'
import { backendsOf } from './backends.ts'
import { goProgram } from './go.ts'
import { measure } from './measure.ts'
import { measureMemory } from './memory.ts'
import { type BackendName, type BenchOptions, HELP, parseOptions } from './options.ts'
import { measureImports, measureInstalls } from './packages.ts'
import { markdown } from './report/markdown.ts'
import type { Results } from './report/results.ts'
import { writeResults } from './report/write.ts'
import { countRequests } from './requests.ts'

const log = (text: string): void => console.error(`bench: ${text}`)
const load = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100

/** Measures it all, and gives what there is after each backend: a run is long, and may be cut short. */
async function* run(options: BenchOptions): AsyncGenerator<Results> {
  const { backends, extras, subjects, sizeName: size, rounds, longRounds } = options
  const startedAt = new Date()
  const before = load()
  const measured: BackendName[] = []
  const lists = { rows: [], memory: [], requests: [], imports: [], installs: [] } as Lists
  const results = (): Results => ({
    format: 'stowage-bench/2',
    runs: [
      {
        startedAt: startedAt.toISOString(),
        minutes: Math.round((Date.now() - startedAt.getTime()) / 6000) / 10,
        ...{ backends: measured, size, rounds, longRounds, load: [before, load()] },
      },
    ],
    ...{ machine: machine(), ...lists },
  })
  if (extras.includes('imports')) lists.imports.push(...measureImports(rounds * 3))
  if (extras.includes('install')) lists.installs.push(...measureInstalls(log))
  const wantsGo = subjects.length === 0 || subjects.includes('go')
  const go = backends.length > 0 && wantsGo ? goProgram() : undefined
  for (const name of backends) {
    for (const [index, start] of backendsOf(name, options, go).entries()) {
      await onBackend(start, index === 0, options, lists)
    }
    measured.push(name)
    yield results()
  }
  if (backends.length === 0) yield results()
}

function machine(): Results['machine'] {
  return {
    cpu: `${cpus()[0]?.model ?? ''} ${arch()}`,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.versions.node,
  }
}

type Mutable<T> = { [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }
type Lists = Mutable<Pick<Results, 'rows' | 'memory' | 'requests' | 'imports' | 'installs'>>

/** Everything that needs one backend; what differs by its setting only in the first. */
async function onBackend(
  start: ReturnType<typeof backendsOf>[number],
  isFirst: boolean,
  options: BenchOptions,
  { rows, memory, requests }: Lists,
): Promise<void> {
  const backend = await start()
  try {
    rows.push(...(await measure(backend, options, log)))
    if (!isFirst) return
    if (options.extras.includes('requests')) requests.push(...(await countRequests(backend, log)))
    if (options.extras.includes('memory')) {
      memory.push(...(await measureMemory(backend, options, log)))
    }
  } finally {
    await backend.stop()
  }
}

const options = parseOptions(process.argv.slice(2))
if (options === undefined) {
  console.log(HELP)
} else {
  const { out, add } = options
  let last: Results | undefined
  for await (const results of run(options)) {
    if (out !== undefined) await writeResults(results, resolve(out), add)
    last = results
  }
  if (out === undefined && last !== undefined) console.log(markdown(last))
}
