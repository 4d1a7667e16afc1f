/** Content of a call: `size` bytes that follow from the number, so that one line says them all. */
export interface Bytes {
  readonly size: number
  readonly pattern: number
}

interface Common {
  /** Which instance of the driver makes the call, where several share one storage. */
  readonly instance: number
  /** The call gets a signal that is aborted already. */
  readonly aborted: boolean
}

/**
 * One step of a sequence. A slot in which nothing is stands for one in which there is something, and a
 * writer with `resume` takes the path that was closed last: sequences of chance would hardly meet them.
 * `P` is a path: while a sequence is drawn and shrunk, an index into the
 * sequence's own few paths; afterwards the path itself.
 */
export type Operation<P = string> =
  | (Common & {
      kind: 'putContent'
      path: P
      content: Bytes
      text: boolean
      modTime: number | undefined
    })
  | (Common & { kind: 'getContent' | 'stat' | 'delete'; path: P })
  | (Common & { kind: 'read'; path: P; offset: number; length: number | undefined })
  | (Common & { kind: 'list'; path: P; take: number })
  | (Common & { kind: 'walk'; path: P; take: number; startAfter: P | undefined; skips: number })
  | (Common & { kind: 'move'; path: P; destination: P })
  | (Common & { kind: 'purge'; path: P; dryRun: boolean })
  | (Common & { kind: 'writer'; slot: number; path: P; append: boolean; resume: boolean })
  | { kind: 'write'; slot: number; content: Bytes }
  | { kind: 'close' | 'cancel' | 'commit' | 'abort'; slot: number }
  | (Common & { kind: 'open'; slot: number; path: P; offset: number })
  | { kind: 'finish'; slot: number }
  | { kind: 'reopen' }

/** Position-dependent bytes: byte i follows from the pattern and i, with no period of a power of two. */
export function bytesOf({ size, pattern }: Bytes): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + pattern * 57 + 11) & 0xff
  return bytes
}

/** As {@link bytesOf}, in ASCII with line ends of both kinds, for the calls that take a string. */
export function textOf({ size, pattern }: Bytes): string {
  const signs = 'stowage\r\n-é'.repeat(Math.ceil(size / 4) + 1)
  return signs.slice(pattern % 7, (pattern % 7) + size)
}

/** The operation as a line of code that a reader can follow. */
export function show(operation: Operation): string {
  const { kind } = operation
  if (kind === 'reopen') return 'reopen the storage'
  const flags = 'instance' in operation ? common(operation) : ''
  return call(operation) + flags
}

function common({ instance, aborted }: Common): string {
  return (instance > 0 ? '  // second instance' : '') + (aborted ? '  // signal aborted' : '')
}

function call(operation: Exclude<Operation, { kind: 'reopen' }>): string {
  switch (operation.kind) {
    case 'putContent':
      return `putContent('${operation.path}', ${content(operation)}${time(operation)})`
    case 'read':
      return `reader('${operation.path}', ${range(operation)})`
    case 'list':
      return `list('${operation.path}')${first(operation.take)}`
    case 'walk':
      return `walk('${operation.path}'${walkOptions(operation)})${first(operation.take)}`
    case 'move':
      return `move('${operation.path}', '${operation.destination}')`
    case 'purge':
      return `purgeUploads('${operation.path}', { olderThan: tomorrow, dryRun: ${operation.dryRun} })`
    case 'writer':
      return `w${operation.slot} = writer('${operation.path}'${operation.append ? ', { append: true }' : ''})`
    case 'write':
      return `w${operation.slot}.write(${content(operation)})`
    case 'open':
      return `r${operation.slot} = reader('${operation.path}', { offset: ${operation.offset} })`
    case 'finish':
      return `read r${operation.slot} to its end`
    case 'abort':
      return `abort the signal of w${operation.slot}`
    case 'close':
    case 'cancel':
    case 'commit':
      return `w${operation.slot}.${operation.kind}()`
    default:
      return `${operation.kind}('${operation.path}')`
  }
}

function time({ modTime }: { modTime: number | undefined }): string {
  return modTime === undefined ? '' : `, { modTime: new Date(${modTime}) }`
}

function content(operation: { content: Bytes; text?: boolean }): string {
  const { size, pattern } = operation.content
  return `${operation.text ? 'text' : 'bytes'}({ size: ${size}, pattern: ${pattern} })`
}

function range({ offset, length }: { offset: number; length: number | undefined }): string {
  return `{ offset: ${offset}${length === undefined ? '' : `, length: ${length}`} }`
}

function first(take: number): string {
  return Number.isFinite(take) ? `, first ${take}` : ''
}

function walkOptions({
  startAfter,
  skips,
}: {
  startAfter: string | undefined
  skips: number
}): string {
  const from = startAfter === undefined ? '' : `, { startAfter: '${startAfter}' }`
  return from + (skips === 0 ? '' : `, skipDir by ${skips.toString(2)}`)
}
