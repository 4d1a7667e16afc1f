import { isBeneath, isStorageError } from '@stowage/core'
import { foldOf } from '@stowage/core/transfer'
import type { Pair } from './compare.ts'
import { type Context, errorText } from './context.ts'
import type { Endpoint, Source } from './endpoints.ts'
import { within } from './entries.ts'
import { CliError, usageError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { plural } from './format.ts'
import { removeFiles } from './remove.ts'
import type { Job, Transfers } from './transfer.ts'

export interface DeletionOptions {
  readonly delete?: boolean
  readonly force?: boolean
  readonly maxDelete?: number
}

/** What `sync --delete` removes: collected during the comparison, removed at the end, and only without a doubt. */
export class Deletion {
  readonly #context: Context
  readonly #from: Source
  readonly #to: Endpoint
  readonly #options: DeletionOptions
  readonly #extra: string[] = []
  #sourceFiles = 0
  #place: string | undefined

  constructor(context: Context, from: Source, to: Endpoint, options: DeletionOptions) {
    this.#context = context
    this.#from = from
    this.#to = to
    this.#options = options
  }

  /** Notes where the source lies: it must still be there at the end. */
  async begin(): Promise<void> {
    this.#place = await this.#located()
  }

  /** What the destination takes for a file of the source, under whatever spelling, is none to be removed. */
  saw({ name, left, twin }: Pair): void {
    if (left !== undefined) this.#sourceFiles++
    else if (this.#options.delete && twin === undefined) this.#extra.push(within(this.#to, name))
  }

  /**
   * Whether files to be removed stand in the way of a copy, and nothing else does: its source can be read, and
   * the destination can hold its name. Their removal would be a loss else.
   */
  async blocks({ source, destination }: Job): Promise<boolean> {
    const fold = foldOf(this.#to.storage) ?? ((path) => path)
    const target = fold(destination)
    const inTheWay = (path: string): boolean =>
      isBeneath(fold(path), target) || isBeneath(target, fold(path))
    if (!this.#extra.some(inTheWay)) return false
    const { signal } = this.#context
    const isReadable = this.#from.storage.reader(source, { signal }).then(
      (readable) => {
        readable.on('error', () => {}).destroy()
        return true
      },
      () => false,
    )
    const canBe = this.#to.storage.stat(destination, { signal }).then(
      () => true,
      (error) => isStorageError(error, 'PATH_NOT_FOUND'),
    )
    return (await isReadable) && (await canBe)
  }

  /** Why nothing may be removed, whatever became of the copies. */
  refusal(): CliError | undefined {
    const { force, maxDelete = Number.POSITIVE_INFINITY } = this.#options
    const files = plural(this.#extra.length, 'file')
    if (this.#extra.length === 0) return undefined
    if (this.#sourceFiles === 0 && !force) {
      const source = this.#from.show(this.#from.path)
      return usageError(
        `${source} is empty: --delete would remove all ${files} of the destination`,
        'add --force if that is meant',
      )
    }
    if (this.#extra.length <= maxDelete) return undefined
    const message = `${files} would be removed, more than --max-delete ${maxDelete}: nothing was removed`
    return new CliError(
      'MAX_DELETE',
      EXIT.partial,
      message,
      'see which with --dry-run and without --max-delete',
    )
  }

  /**
   * Removes them, unless anything has failed: what could not be copied or listed may be what they were moved to.
   * @returns how many were removed.
   */
  async run(transfers: Transfers): Promise<number> {
    if (this.#extra.length === 0) return 0
    if (transfers.failed > 0) {
      const message = `${plural(this.#extra.length, 'file')} not removed, because other files of this run failed`
      const hint = 'mend those, then run it again'
      const told = new CliError('NOT_REMOVED', EXIT.partial, message, hint)
      transfers.progress.note(errorText(told, this.#context))
      return 0
    }
    const refusal =
      this.refusal() ?? ((await this.#isStillThere()) ? undefined : vanished(this.#from))
    if (refusal === undefined) {
      return removeFiles(this.#context, this.#to.storage, this.#extra, (error) =>
        transfers.fail(error),
      )
    }
    if (refusal.exitCode !== EXIT.partial) throw refusal
    transfers.fail(refusal)
    return 0
  }

  async #isStillThere(): Promise<boolean> {
    return this.#place === (await this.#located())
  }

  /** The name of the source's place: another one after its disk was unmounted. */
  async #located(): Promise<string | undefined> {
    const { storage, path } = this.#from
    return (await storage.locate?.(path, { signal: this.#context.signal }))?.names[0]
  }
}

function vanished({ path, show }: Source): CliError {
  return new CliError(
    'SOURCE_REPLACED',
    EXIT.notFound,
    `${show(path)} was removed or replaced meanwhile: nothing was removed from the destination`,
    'check that its disk is mounted',
  )
}
