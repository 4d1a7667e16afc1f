import type { Answer, Seen } from '../faults/fault.ts'

/** What a request asks the service for. */
export type RequestKind = 'list' | 'head' | 'read' | 'write' | 'copy' | 'delete' | 'other'

/** A request, as far as a dialect has to look at it. */
export type Asked = Pick<Seen, 'method' | 'url' | 'headers'>

/** An entry of a listing as a service writes it; a hostile one writes anything. */
export interface Entry {
  readonly key: string
  readonly size: string
}

/** A page of a listing. */
export interface Page {
  readonly entries: readonly Entry[]
  /** The service says that more follows. */
  readonly more: boolean
  /** Where it says that the next page begins. */
  readonly token?: string | undefined
}

/** An error in the words of the service. */
export interface Words {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly requestId?: string | undefined
}

/** A lock, or another condition that is not the driver's own, and the requests that it refuses. */
export interface Lock {
  readonly what: string
  readonly kinds: readonly RequestKind[]
  readonly answer: Answer
}

/**
 * How a service speaks, for answers that the odd-answers suite makes up in its place. Give your own to
 * `registerOddAnswersSuite` where your service is none of `s3`, `azure` and `gcs`.
 */
export interface OddDialect {
  readonly name: string
  kindOf(asked: Asked): RequestKind
  /** What all keys of a listing are to begin with. */
  prefixOf(asked: Asked): string
  error(words: Words): Answer
  /** Undefined where the service cannot say that: more without a token, in most. */
  page(page: Page): Answer | undefined
  /** Codes that come with 404 although nothing is missing: a wrong key, a wrong account. */
  readonly foreign404: readonly string[]
  /** Where the service may answer 200 and tell of an error in the body. */
  readonly errorsIn200: readonly RequestKind[]
  readonly locks: readonly Lock[]
}
