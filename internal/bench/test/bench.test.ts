import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compare } from '../src/goals.ts'
import type { Row } from '../src/measure.ts'
import type { Measured } from '../src/measured-process.ts'
import type { BackendName } from '../src/options.ts'
import { filePath } from '../src/protocol.ts'
import { combined, type Results } from '../src/report/results.ts'
import { spread } from '../src/stats.ts'

const MAIN = new URL('../src/main.ts', import.meta.url).pathname
/** Packages by their sources: a test must not need a build. */
const FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']

const measured = (ms: number): Measured => ({ ms, cpuMs: 1, count: 1, bytes: 0, peakBytes: 0 })

function rowOf(own: readonly number[], raw: readonly number[]): Row {
  const series = [
    { subject: 'stowage', runs: own.map(measured) },
    { subject: 'raw', runs: raw.map(measured) },
  ]
  const names = { backend: 'fs', variant: '', server: '', id: 'walk', title: 'walk' } as const
  return { ...names, unit: 'ms', files: 1, series }
}

describe('the benchmark', () => {
  it('measures every job of a backend, and writes a table, a JSON file and a plot', async () => {
    const out = await mkdtemp(join(tmpdir(), 'bench-test-'))
    try {
      const options = [
        '--backends',
        'fs',
        '--subjects',
        'raw',
        '--extras',
        'none',
        '--size',
        'tiny',
      ]
      const rounds = ['--rounds', '1', '--long-rounds', '1', '--out', out]
      const env = { ...process.env, NODE_OPTIONS: FLAGS.join(' '), PATH: process.env.PATH }
      const run = promisify(execFile)
      const { stderr } = await run(process.execPath, [MAIN, ...options, ...rounds], { env })
      expect(stderr).not.toContain('left out of')
      const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as Results
      const none = results.rows.filter(({ variant }) => variant === 'nothing flushed')
      expect(none.map(({ id }) => id)).toEqual([
        ...['put-0 B', 'get-0 B', 'put-4 KiB', 'get-4 KiB', 'put-1 MiB', 'get-1 MiB'],
        ...['put-parallel', 'get-parallel', 'upload', 'download', 'resume'],
        ...['list', 'walk', 'move', 'delete'],
      ])
      for (const { series } of none) expect(series[0]?.runs).toHaveLength(1)
      expect(await readFile(join(out, 'results.md'), 'utf8')).toContain('| walk 40 |')
      expect(await readFile(join(out, 'results.svg'), 'utf8')).toContain('</svg>')
    } finally {
      await rm(out, { recursive: true, force: true })
    }
  })

  describe('with what an earlier run has measured on other backends', () => {
    const machine = { cpu: 'one', cores: 2, memoryGiB: 4, system: 'Linux', node: '24.0.0' }
    const row = (backend: BackendName, ms: number): Row => ({ ...rowOf([ms], [1]), backend })
    const results = (backends: readonly BackendName[], ms: number): Results => ({
      format: 'stowage-bench/2',
      runs: [
        {
          ...{ startedAt: `2026-01-0${ms}T00:00:00.000Z`, minutes: 1, backends },
          ...{ size: 'tiny', rounds: 1, longRounds: 1, load: [0, 0] },
        },
      ],
      machine,
      rows: backends.map((backend) => row(backend, ms)),
      ...{ memory: [], requests: [], imports: [], installs: [] },
    })

    it('replaces what it has of the same ones, and says of each run what is left of it', () => {
      const both = combined(results(['fs', 's3'], 1), results(['s3', 'gcs'], 2))
      const told = both.rows.map(({ backend, series }) => [backend, series[0]?.runs[0]?.ms])
      expect(told).toEqual([
        ['fs', 1],
        ['s3', 2],
        ['gcs', 2],
      ])
      expect(both.runs.map(({ backends }) => backends)).toEqual([['fs'], ['s3', 'gcs']])
      expect(combined(both, results(['fs'], 3)).runs).toHaveLength(2)
    })

    it('is refused where that was another machine', () => {
      const other = { ...results(['fs'], 1), machine: { ...machine, cores: 4 } }
      expect(() => combined(other, results(['s3'], 2))).toThrow('another machine')
    })
  })

  it('compares round by round, so that a slow round of both is none of either', () => {
    const [found] = compare([rowOf([10, 100, 10], [20, 200, 20])])
    expect(found?.ratio).toEqual({ median: 2, low: 2, high: 2, runs: 3 })
    expect(found?.verdict).toBe('met')
  })

  it('calls an aim missed only where the spread of the rounds does not reach it', () => {
    expect(compare([rowOf([10, 10, 10], [5, 5, 5])])[0]?.verdict).toBe('missed')
    expect(compare([rowOf([10, 10, 10], [5, 8, 12])])[0]?.verdict).toBe('unclear')
  })

  it('takes the middle of an even number of runs between its two middle ones', () => {
    expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, low: 1.75, high: 3.25, runs: 4 })
  })

  it('lays files out in directories of one width', () => {
    expect(filePath({ op: 'put', path: '/a', width: 10 }, 25)).toBe('/a/2/5')
    expect(filePath({ op: 'put', path: '/a' }, 25)).toBe('/a/25')
  })
})
