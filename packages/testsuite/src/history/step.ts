import type { StorageErrorCode } from '@stowage/core'

/** A value is a number from 1 on; its content, and so its size, follow from it. 0 is no file. */
export type Value = number

/** One call of a client. */
export type Step =
  | { readonly kind: 'put'; readonly path: string; readonly value: Value }
  | {
      readonly kind: 'writer'
      readonly path: string
      readonly value: Value
      readonly pieces: number
      readonly end: 'commit' | 'cancel' | 'close'
    }
  | { readonly kind: 'get' | 'read' | 'stat' | 'list' | 'walk' | 'delete'; readonly path: string }
  | { readonly kind: 'move'; readonly path: string; readonly destination: string }

/** What a call came to. */
export type Outcome =
  | { readonly done: true }
  /** Of a file: what it held. */
  | { readonly value: Value }
  /** Of a list or walk: the keys that came, files of a walk with what their size says. */
  | { readonly entries: readonly { readonly key: string; readonly value?: Value }[] }
  /** With what the error says, which is the first thing to know where nobody expects it. */
  | { readonly error: StorageErrorCode; readonly message?: string }
  /** It is nobody's content, or no right answer at all. */
  | { readonly wrong: string }

/** A call as it was: instants are nanoseconds of a clock that all processes share. */
export interface Event {
  readonly client: number
  readonly step: Step
  readonly call: number
  readonly return: number
  readonly outcome: Outcome
}

/** Bytes that every content has at least. */
const LEAST = 64
/** Every so many-th value is longer than a part. */
const LONG_EVERY = 4

/** The size of a value's content: no two have the same. */
export function sizeOf(value: Value, partSize: number): number {
  return LEAST + value + (value % LONG_EVERY === 0 ? 2 * partSize : 0)
}

/** The value whose content has that size, or undefined. */
export function valueOfSize(size: number, partSize: number): Value | undefined {
  const value = (size - LEAST) % partSize
  return value > 0 && sizeOf(value, partSize) === size ? value : undefined
}

/** The call as a reader can type it, without what it came to. */
export function showStep(step: Step): string {
  switch (step.kind) {
    case 'put':
      return `putContent('${step.path}', v${step.value})`
    case 'writer':
      return `writer('${step.path}') of v${step.value}: ${step.end}()`
    case 'move':
      return `move('${step.path}', '${step.destination}')`
    case 'get':
      return `getContent('${step.path}')`
    case 'read':
      return `reader('${step.path}')`
    default:
      return `${step.kind}('${step.path}')`
  }
}

export function showOutcome(outcome: Outcome): string {
  if ('error' in outcome) return outcome.error + (outcome.message ? ` (${outcome.message})` : '')
  if ('wrong' in outcome) return outcome.wrong
  if ('value' in outcome) return `v${outcome.value}`
  if ('done' in outcome) return 'done'
  const entries = outcome.entries.map(({ key, value }) => key + (value ? ` = v${value}` : ''))
  return `[${entries.join(', ')}]`
}
