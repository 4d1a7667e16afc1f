// The code in the documentation as programs. A block without a mark is type-checked and run; a comment before it,
// `<!-- sample: ... -->`, says otherwise:
//   compiles: WHY       type-checked only
//   given NAME          with the lines of GIVEN before it
//   continues           goes on with the block before, in the same program
//   quoted from PATH    stands in that file, word for word
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, root } from './markdown.ts'

/** Where the programs are written: beneath this package, so that they find every package of the workspace. */
export const programs: string = join(import.meta.dirname, '../build/samples')

const MEMORY = "import { create } from '@stowage/core'; import '@stowage/driver-inmemory'"

/** What a block may take for granted, on one line: its own line numbers stay right. */
const GIVEN: Readonly<Record<string, string>> = {
  storage: `${MEMORY}; const storage = await create('inmemory'); for (const path of ['/a', '/b/c', '/reports/2026.csv']) await storage.putContent(path, 'content of ' + path)`,
  open: `${MEMORY}; const open = (storage: string) => create('inmemory'); const remove = () => {}`,
  mine: "const open = async (storage: string) => { throw new Error('not opened: ' + storage) }",
}

/** A program made of one block, or of several that belong together. */
export interface Program {
  readonly file: string
  readonly blocks: readonly Block[]
  /** Why it is not run; undefined where it is. */
  readonly compilesOnly: string | undefined
}

const LANGUAGES: Readonly<Record<string, string>> = {
  ts: 'ts',
  typescript: 'ts',
  js: 'mjs',
  mjs: 'mjs',
}

/** Whether the block is a program, or a part of one. */
function isProgram({ language, mark }: Block): boolean {
  return language in LANGUAGES && !mark?.startsWith('quoted from ')
}

/** Joins the blocks of one page to programs. */
export function programsOf(blocks: readonly Block[]): Program[] {
  const groups: Block[][] = []
  for (const block of blocks.filter(isProgram)) {
    const last = groups.at(-1)
    if (block.mark === 'continues' && last) last.push(block)
    else groups.push([block])
  }
  return groups.map((group) => {
    const [{ page, line, language, mark = '' }] = group as [Block]
    const name = `${page.replace(/\.md$/, '').replaceAll('/', '_')}-${line}`
    const compilesOnly = /^compiles(?:, given \w+)?: (.+)$/.exec(mark)?.[1]
    const isCommonJS = language !== 'ts' && group.some(({ code }) => /\brequire\(/.test(code))
    const extension = isCommonJS ? 'cjs' : LANGUAGES[language]
    return { file: `${name}.${extension}`, blocks: group, compilesOnly }
  })
}

/** What is wrong with the mark of a block. */
export function markProblem({ mark, language }: Block): string | undefined {
  if (mark === undefined) return undefined
  const given = /\bgiven (\w+)/.exec(mark)?.[1]
  if (given !== undefined && !(given in GIVEN)) return `nothing is known as '${given}'`
  if (/^compiles(, given \w+)?: \S/.test(mark) || /^given \w+$/.test(mark)) return undefined
  if (mark === 'continues' || mark.startsWith('quoted from ')) return undefined
  if (mark.startsWith('setup\n') && language === 'sh') return undefined
  return `the mark '${mark}' means nothing`
}

/** Writes all programs, each line where it stands in its page, so that messages name that line. */
export function writePrograms(all: readonly Program[]): void {
  rmSync(programs, { recursive: true, force: true })
  mkdirSync(programs, { recursive: true })
  for (const program of all) writeFileSync(join(programs, program.file), sourceOf(program))
  writeFileSync(join(programs, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  writeFileSync(join(programs, 'ambient.d.ts'), AMBIENT)
}

function sourceOf({ file, blocks }: Program): string {
  let source = ''
  let line = 1
  for (const block of blocks) {
    const given = /\bgiven (\w+)/.exec(block.mark ?? '')?.[1]
    source += '\n'.repeat(block.line - line - 1)
    source += `${given === undefined ? '' : GIVEN[given]}\n${block.code}`
    line = block.line + block.code.split('\n').length - 1
  }
  return file.endsWith('.cjs') ? source : `${source}\nexport {}\n`
}

const TSCONFIG = {
  extends: '../../../../tsconfig.base.json',
  include: ['.'],
  compilerOptions: {
    ...{ composite: false, declaration: false, declarationMap: false, isolatedDeclarations: false },
    ...{ noEmit: true, rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true },
    ...{ allowJs: true, checkJs: true, types: ['node', 'jest'] },
    // Examples say what matters; an interface they implement in part is spelt out elsewhere.
    ...{ noImplicitOverride: false, noUnusedLocals: false },
  },
}

/** Packages that examples name and that are not here: a reader's own, and other runners. */
const AMBIENT = `declare module 'stowage-driver-mine'
declare module 'stowage-driver-webdav'
declare module 'vitest' {
  export const describe: typeof globalThis.describe
  export const it: typeof globalThis.it
  export const afterAll: typeof globalThis.afterAll
}
`

/** What is wrong with a block that says where it was taken from. */
export function quoteProblem({ mark = '', code }: Block): string | undefined {
  const path = /^quoted from (\S+)$/.exec(mark)?.[1]
  if (path === undefined) return undefined
  const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim()
  const source = squeeze(readFileSync(join(root, path), 'utf8'))
  // An ellipsis on a line of its own stands for what was left out.
  const pieces = code.split(/^\s*(?:\/\/ )?…\s*$/m).map(squeeze)
  return pieces.every((piece) => source.includes(piece)) ? undefined : `it is not in ${path}`
}
