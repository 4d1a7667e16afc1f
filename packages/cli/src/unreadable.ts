import { type Context, errorText } from './context.ts'
import type { Endpoint } from './endpoints.ts'
import { EXIT } from './exit-codes.ts'

/** Tells of directories that a command could not list, and makes it end with "some failed". */
export class Unreadable {
  readonly #context: Context
  readonly #end: Endpoint
  #count = 0

  constructor(context: Context, end: Endpoint) {
    this.#context = context
    this.#end = end
  }

  readonly report = (error: unknown): void => {
    this.#count++
    const { path } = error as { path?: string }
    const file = path === undefined ? undefined : this.#end.show(path)
    this.#context.stderr.write(`${errorText(error, this.#context, file)}\n`)
  }

  get exitCode(): number {
    return this.#count > 0 ? EXIT.partial : EXIT.ok
  }
}
