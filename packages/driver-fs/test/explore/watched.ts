import type { FileSystem } from '../../src/file-system.ts'
import { nodeFileSystem } from '../../src/node-file-system.ts'
import { type AnyCall, type CallName, wrapped } from './wrap.ts'

/** A call about to be made: the function makes it. */
type Around = (
  at: number,
  name: CallName,
  args: unknown[],
  make: () => Promise<unknown>,
) => Promise<unknown>

/** A file system that numbers its calls, and counts its handles and the calls under way. */
export class Watched {
  readonly calls: CallName[] = []
  around: Around = (_at, _name, _args, make) => make()
  running = 0
  readonly #handles = new Set<number | object>()

  /** Files and directories that were opened and not closed. */
  get handles(): number {
    return this.#handles.size
  }

  readonly system: FileSystem = wrapped(nodeFileSystem, async (name, args, call) => {
    const at = this.calls.length
    this.calls.push(name)
    this.running++
    try {
      return await this.around(at, name, args, () => this.#make(name, args, call))
    } finally {
      this.running--
    }
  })

  async #make(name: CallName, args: unknown[], call: AnyCall): Promise<unknown> {
    const result = await call(...args)
    if (name === 'open') this.#handles.add(result as number)
    if (name === 'close') this.#handles.delete(args[0] as number)
    if (name !== 'opendir') return result
    const directory = result as Awaited<ReturnType<FileSystem['opendir']>>
    this.#handles.add(directory)
    return {
      read: () => this.#count(() => directory.read()),
      close: async () => {
        await this.#count(() => directory.close())
        this.#handles.delete(directory)
      },
    }
  }

  async #count<T>(run: () => Promise<T>): Promise<T> {
    this.running++
    return await run().finally(() => this.running--)
  }

  /** Resolves once no call is under way and none follows: what follows a call follows it at once. */
  async quiet(): Promise<void> {
    do await new Promise(setImmediate)
    while (this.running > 0)
  }
}
