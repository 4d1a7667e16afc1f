// Every sample in the documentation: it compiles, and unless it says why not, it runs.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFromURL } from '@stowage/core'
import { createFromConfig } from '@stowage/core/config'
import { patient } from '@stowage-internal/jest-preset/patience'
import { parse } from 'yaml'
import '@stowage/driver-azure'
import '@stowage/driver-fs'
import '@stowage/driver-gcs'
import '@stowage/driver-inmemory'
import '@stowage/driver-s3'
import { pages, readPage, root } from '../src/markdown.ts'
import {
  markProblem,
  type Program,
  programs,
  programsOf,
  quoteProblem,
  writePrograms,
} from '../src/samples.ts'

/** What nobody reads but who works on a package of internal/ is code of its tests. */
const read = pages()
  .filter((page) => !page.startsWith('internal/'))
  .map(readPage)
const blocks = read.flatMap((page) => page.blocks)
const all: readonly Program[] = read.flatMap((page) => programsOf(page.blocks))
const where = ({ page, line }: { page: string; line: number }): string => `${page}:${line}`

beforeAll(() => writePrograms(all))

it('no sample has a mark that means nothing', () => {
  const problems = blocks.flatMap((block) => {
    const problem = markProblem(block)
    return problem === undefined ? [] : [`${where(block)}: ${problem}`]
  })
  expect(problems).toEqual([])
})

it('what is quoted from a file stands in it', () => {
  const problems = blocks.flatMap((block) => {
    const problem = quoteProblem(block)
    return problem === undefined ? [] : [`${where(block)}: ${problem}`]
  })
  expect(problems).toEqual([])
})

it('every program compiles', () => {
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { stdout } = spawnSync(tsc, ['-p', programs, '--pretty', 'false'], {
    encoding: 'utf8',
    cwd: programs,
    shell: process.platform === 'win32',
  })
  // The line of a program is that of its page. What is wrong with a package is told of elsewhere.
  const errors = stdout.split('\n').filter((line) => /^\w/.test(line))
  expect(errors).toEqual([])
})

describe('run', () => {
  const runnable = all.filter(({ compilesOnly }) => compilesOnly === undefined)
  let results: Record<string, { error?: string; said: string[] }>
  let work: string
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'stowage-samples-'))
    const runner = fileURLToPath(new URL('../src/run-programs.ts', import.meta.url))
    const flags = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']
    const names = runnable.map(({ file }) => file)
    const { stderr, status } = spawnSync(
      process.execPath,
      [...flags, runner, programs, work, ...names],
      { encoding: 'utf8', timeout: patient(1_200_000) },
    )
    if (status !== 0) throw new Error(`the samples ended early: ${stderr}`)
    results = JSON.parse(readFileSync(join(work, 'results.json'), 'utf8'))
  }, patient(1_200_000))
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  it.each(
    runnable.map(({ file, blocks: [first] }) => [first ? where(first) : file, file] as const),
  )('%s runs', (_where, file) => {
    expect(results[file]?.error).toBeUndefined()
  })
})

it.each(['json', 'yaml'])('every block of %s can be read', (wanted) => {
  const reader = { json: JSON.parse, yaml: (text: string) => parse(text, { merge: true }) }[wanted]
  const problems: string[] = []
  for (const block of blocks.filter(({ language }) => language.replace('yml', 'yaml') === wanted)) {
    try {
      reader?.(block.code)
    } catch (error) {
      problems.push(`${where(block)}: ${error}`)
    }
  }
  expect(problems).toEqual([])
})

it('every storage in a configuration has a driver that takes its parameters', async () => {
  const problems: string[] = []
  for (const block of blocks.filter(({ language }) => /^ya?ml$/.test(language))) {
    const { storage, storages = {} } = parse(block.code, { merge: true })
    for (const one of [...(storage ? [storage] : []), ...Object.values(storages)]) {
      try {
        // What is made opens nothing before its first call.
        const made = await (typeof one === 'string' ? createFromURL(one) : createFromConfig(one))
        await made.close()
      } catch (error) {
        problems.push(`${where(block)}: ${error}`)
      }
    }
  }
  expect(problems).toEqual([])
})
