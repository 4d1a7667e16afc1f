import type { FileInfo } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { openStorageEndpoint } from '../endpoints.ts'
import { Entries, relative } from '../entries.ts'
import { bytes, integerFrom, plural } from '../format.ts'
import { Unreadable } from '../unreadable.ts'
import { entry } from './ls.ts'

interface Options {
  readonly depth?: number
  readonly long?: boolean
}

interface Node {
  readonly info: FileInfo
  readonly name: string
  readonly depth: number
}

/** `tree`: a drawing; with `--json` a line for each entry, with its depth. */
export const addTree: Add = (program, bind) => {
  program
    .command('tree')
    .description('draw what is beneath a directory')
    .argument('[location]')
    .option('-d, --depth <levels>', 'how deep', integerFrom(1))
    .option('-l, --long', 'with the sizes of files')
    .addHelpText('after', examples(['stowage tree -d 2 fs:///var/data#/docker']))
    .action(bind<Options>(tree))
}

async function tree(context: Context, [location]: readonly string[], options: Options) {
  const { out, json, signal } = context
  const { depth: deepest = Number.POSITIVE_INFINITY, long } = options
  const end = await openStorageEndpoint(context, location)
  const nodes: Node[] = []
  let files = 0
  let directories = 0
  const unreadable = new Unreadable(context, end)
  const walk = new Entries(end, signal, unreadable.report)
  for await (const info of walk) {
    const parts = relative(end, info.path).split('/')
    const depth = parts.length
    if (info.isDir && depth >= deepest) walk.skipDir()
    if (info.isDir) directories++
    else files++
    if (json) await out.result({ ...entry(info), depth })
    else nodes.push({ info, name: parts.at(-1) ?? '', depth })
  }
  const sum = `${plural(files, 'file')}, ${plural(directories, 'directory').replace('ys', 'ies')}`
  const drawing = [end.show(end.path), ...draw(nodes, long), '', sum]
  await out.result({ type: 'summary', files, directories }, drawing)
  return unreadable.exitCode
}

/** From the end, as only what follows tells whether an entry is its directory's last. */
function draw(nodes: readonly Node[], long = false): string[] {
  const lines: string[] = []
  /** For each depth, whether something follows there in the same directory. */
  const follows: boolean[] = []
  for (const { info, name, depth } of nodes.toReversed()) {
    follows.length = Math.min(follows.length, depth + 1)
    let line = ''
    for (let level = 1; level < depth; level++) line += follows[level] ? '│   ' : '    '
    line += follows[depth] ? '├── ' : '└── '
    const size = long && !info.isDir ? `  (${bytes(info.size)})` : ''
    lines.push(`${line}${name}${info.isDir ? '/' : ''}${size}`)
    follows[depth] = true
  }
  return lines.reverse()
}
