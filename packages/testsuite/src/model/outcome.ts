import { isDeepStrictEqual } from 'node:util'
import { isStorageError, type StorageErrorCode } from '@stowage/core'

/** What a call came to. Values are plain data and Buffers. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown }

export async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await run() }
  } catch (error) {
    return { error }
  }
}

/** Whether the call failed with a Stowage error of that code. */
export function failedWith(outcome: Outcome, ...codes: StorageErrorCode[]): boolean {
  return 'error' in outcome && codes.some((code) => isStorageError(outcome.error, code))
}

/** How the driver's outcome departs from the oracle's, or undefined where it does not. */
export function difference(expected: Outcome, actual: Outcome, driver: string): string | undefined {
  const differs = 'error' in expected ? !sameError(expected, actual) : !sameValue(expected, actual)
  if (differs) {
    return `expected ${describe(expected)}\n     but got ${describe(actual)}${where(expected, actual)}`
  }
  if ('error' in actual && isStorageError(actual.error) && actual.error.driver !== driver) {
    return `the error names the driver "${actual.error.driver}" instead of "${driver}"`
  }
  return undefined
}

function sameValue(expected: { value: unknown }, actual: Outcome): boolean {
  return 'value' in actual && isDeepStrictEqual(expected.value, actual.value)
}

/** An abort's reason is the same object; an error of Stowage has the same code and, if not found, path. */
function sameError(expected: { error: unknown }, actual: Outcome): boolean {
  if (!('error' in actual)) return false
  const { error } = actual
  if (!isStorageError(expected.error)) return error === expected.error
  if (!isStorageError(error, expected.error.code)) return false
  return expected.error.code !== 'PATH_NOT_FOUND' || error.path === expected.error.path
}

function describe(outcome: Outcome): string {
  if (!('error' in outcome)) return describeValue(outcome.value)
  const { error } = outcome
  if (isStorageError(error)) return `${error.code} (${error.message})`
  return `an error that is not Stowage's: ${String(error)}`
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'success'
  if (Buffer.isBuffer(value)) return describeBytes(value)
  return JSON.stringify(value, (_, inner) => {
    // Buffer.toJSON has run before: what arrives here is its result.
    if (inner?.type !== 'Buffer') return inner
    return describeBytes(Buffer.from(inner.data))
  })
}

function describeBytes(bytes: Buffer): string {
  const start = bytes.subarray(0, 8).toString('hex')
  return `${bytes.length} bytes (${start}${bytes.length > 8 ? '…' : ''})`
}

/** Where two byte strings part. */
function where(expected: Outcome, actual: Outcome): string {
  if (!('value' in expected && 'value' in actual)) return ''
  const { value: a } = expected
  const { value: b } = actual
  if (!Buffer.isBuffer(a) || !Buffer.isBuffer(b)) return ''
  const at = a.findIndex((byte, i) => byte !== b[i])
  return `, which differ from byte ${at < 0 ? a.length : at} on`
}
