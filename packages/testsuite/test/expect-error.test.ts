import { describe, expect, it } from '@jest/globals'
import { InvalidPathError, PathNotFoundError } from '@stowage/core'
import { assertStorageError } from '../src/expect-error.ts'

const driver = { name: 'mine' }
const made = () => new PathNotFoundError('/a', { driver: 'mine' })

function spoiled(change: Record<string, unknown>): Error {
  const error = made()
  for (const [name, value] of Object.entries(change)) Object.defineProperty(error, name, { value })
  return error
}

describe('what the suite demands of an error', () => {
  it('is fulfilled by an error of core', () => {
    assertStorageError(made(), ['PATH_NOT_FOUND'], { driver, path: '/a' })
    assertStorageError(made(), ['INVALID_PATH', 'PATH_NOT_FOUND'], { driver })
  })

  it.each([
    ['an ordinary error', new Error('mine: Path not found: /a'), /an error of Stowage/],
    ['no error at all', undefined, /an error of Stowage/],
    ['another code', new InvalidPathError('/a', { driver: 'mine' }), /PATH_NOT_FOUND expected/],
    ['no driver', new PathNotFoundError('/a'), /the driver that the error names/],
    ['another driver', new PathNotFoundError('/a', { driver: 'other' }), /the driver/],
    ['another path', new PathNotFoundError('/b', { driver: 'mine' }), /the path/],
    ['a message without the driver', spoiled({ message: 'Path not found' }), /the message begins/],
    ['the driver named twice', spoiled({ message: 'mine: mine: x' }), /named once/],
    ['no retryable', spoiled({ retryable: undefined }), /retryable/],
    ['no JSON form', spoiled({ toJSON: () => ({}) }), /the code in the JSON form/],
    [
      'a JSON form without the driver',
      spoiled({ toJSON: () => ({ code: 'PATH_NOT_FOUND' }) }),
      /the driver in/,
    ],
  ])('is not fulfilled by %s', (_, error, message) => {
    const check = () => assertStorageError(error, ['PATH_NOT_FOUND'], { driver, path: '/a' })
    expect(check).toThrow(message)
  })
})
