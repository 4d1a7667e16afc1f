// Every shell command in the documentation does what it says, in a sandbox.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { patient } from '@stowage-internal/jest-preset/patience'
import { pages, readPage, root } from '../src/markdown.ts'
import { isScript, npmProblems, Sandbox } from '../src/shell.ts'

const read = pages()
  .filter((page) => !page.startsWith('internal/'))
  .map(readPage)
const packages = new Set(
  ['packages', 'examples'].flatMap((group) =>
    readdirSync(join(root, group)).map((name): string => {
      try {
        return JSON.parse(readFileSync(join(root, group, name, 'package.json'), 'utf8')).name
      } catch {
        return ''
      }
    }),
  ),
)

it('npm is asked for nothing that is not there', () => {
  const scripts = read.flatMap(({ blocks }) => blocks.filter(isScript))
  const problems = scripts.flatMap((block) =>
    npmProblems(block, packages).map((problem) => `${block.page}:${block.line}: ${problem}`),
  )
  expect(problems).toEqual([])
})

const isWindows = process.platform === 'win32'
const hasShell = !isWindows && spawnSync('bash', ['-c', 'exit 0']).status === 0
const describeWithShell = hasShell ? describe : describe.skip

describeWithShell(
  `the commands of a page (${hasShell ? 'in bash' : 'skipped: no bash here'})`,
  () => {
    const withScripts = read.filter(({ blocks }) =>
      blocks.some((block) => isScript(block) && !block.mark?.startsWith('compiles')),
    )
    it.each(withScripts.map((page) => [page.path, page] as const))(
      '%s',
      (_path, { blocks }) => {
        const directory = realpathSync(mkdtempSync(join(tmpdir(), 'stowage-shell-')))
        try {
          const sandbox = new Sandbox(directory)
          for (const { mark, code, line } of blocks.filter(isScript)) {
            if (mark?.startsWith('compiles')) continue
            if (mark?.startsWith('setup\n')) sandbox.run(mark.slice('setup\n'.length))
            const { status, output } = sandbox.run(code)
            if (status !== 0)
              throw new Error(`line ${line} ended with ${status}:\n${code}\n${output}`)
          }
        } finally {
          rmSync(directory, { recursive: true, force: true })
        }
      },
      patient(1_200_000),
    )
  },
)
