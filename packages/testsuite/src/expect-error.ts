import assert from 'node:assert/strict'
import { types } from 'node:util'
import { isStorageError, type StorageDriver, type StorageErrorCode } from '@stowage/core'

export interface ExpectedError {
  readonly driver: Pick<StorageDriver, 'name'>
  /** What the error names. Left out: anything. */
  readonly path: string
}

/** Fails unless it is a whole error of Stowage: brand, code, driver, path, message and JSON form. */
export function assertStorageError(
  error: unknown,
  codes: readonly StorageErrorCode[],
  { driver, path }: Pick<ExpectedError, 'driver'> & Partial<ExpectedError>,
): void {
  if (!isStorageError(error)) {
    throw new assert.AssertionError({
      message: `an error of Stowage (${codes.join(' or ')}) expected, but it is ${String(error)}`,
      actual: error,
      expected: codes[0],
    })
  }
  assert.ok(codes.includes(error.code), `${codes.join(' or ')} expected, but: ${error.message}`)
  assert.ok(types.isNativeError(error), 'an error is an Error')
  assert.equal(error.driver, driver.name, 'the driver that the error names')
  if (path !== undefined) assert.equal(error.path, path, 'the path that the error names')
  const begins = `${driver.name}: `
  assert.ok(
    error.message.startsWith(begins),
    `the message begins with "${begins}": ${error.message}`,
  )
  assert.ok(!error.message.includes(begins + begins), `the driver is named once: ${error.message}`)
  assert.equal(typeof error.retryable, 'boolean', 'retryable')
  assertJson(JSON.parse(JSON.stringify(error)) as Record<string, unknown>, error.code, driver.name)
}

function assertJson(json: Record<string, unknown>, code: string, driver: string): void {
  assert.equal(json.code, code, 'the code in the JSON form')
  assert.equal(json.DriverName ?? json.driver, driver, 'the driver in the JSON form')
}
