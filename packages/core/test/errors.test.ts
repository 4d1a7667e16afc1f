import { inspect } from 'node:util'
import {
  ConfigError,
  ContentError,
  DriverError,
  InvalidOffsetError,
  InvalidPathError,
  InvalidStorageDriverError,
  isStorageError,
  NoSpaceError,
  PathNotFoundError,
  PermissionError,
  RevisionChangedError,
  StorageClosedError,
  StorageErrors,
  ThrottledError,
  UnavailableError,
  UnsupportedMethodError,
  UploadNotFoundError,
  WriterStateError,
} from '@stowage/core'

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('messages of the Go registry', () => {
  it.each([
    [new UnsupportedMethodError(), 'foo: unsupported method'],
    [new PathNotFoundError('/a'), 'foo: Path not found: /a'],
    [new InvalidPathError('a'), 'foo: invalid path: a'],
    [new InvalidOffsetError('/a', -1), 'foo: invalid offset: -1 for path: /a'],
    [new DriverError('unexpected error'), 'foo: unexpected error'],
    [new StorageErrors([]), 'foo: <nil>'],
    [new StorageErrors([new Error('one')]), 'foo: one'],
    [new StorageErrors([new Error('one'), new Error('two')]), 'foo: errors:\none\ntwo\n'],
  ])('%#: the driver comes first', (error, message) => {
    expect(error.addContext('foo').message).toBe(message)
  })

  it('has no driver in front where there is none', () => {
    expect(new InvalidStorageDriverError('foo').message).toBe('StorageDriver not registered: foo')
  })

  it('adds the detail in brackets', () => {
    const error = new PathNotFoundError('/a', { detail: 'a directory is there' })
    expect(error.message).toBe('Path not found: /a (a directory is there)')
  })
})

describe('JSON', () => {
  it.each([
    [new UnsupportedMethodError({ driver: 'foo' }), { DriverName: 'foo' }],
    [new PathNotFoundError('/a', { driver: 'foo' }), { Path: '/a', DriverName: 'foo' }],
    [new InvalidPathError('/a', { driver: 'foo' }), { Path: '/a', DriverName: 'foo' }],
    [
      new InvalidOffsetError('/a', 7, { driver: 'foo' }),
      { Path: '/a', Offset: 7, DriverName: 'foo' },
    ],
    [
      new DriverError('unexpected error', { driver: 'foo' }),
      { driver: 'foo', detail: 'unexpected error' },
    ],
    [new StorageErrors([], { driver: 'foo' }), { driver: 'foo', details: [] }],
    [new StorageErrors([new Error('1')], { driver: 'foo' }), { driver: 'foo', details: ['1'] }],
    [
      new StorageErrors([new Error('1'), new Error('2')], { driver: 'foo' }),
      { driver: 'foo', details: ['1', '2'] },
    ],
    [new InvalidStorageDriverError('foo'), { Name: 'foo' }],
    [new ConfigError(['a', 'b'], { driver: 'foo' }), { DriverName: 'foo', problems: ['a', 'b'] }],
  ])('%#: the Go registry fields, then code and retryable', (error, fields) => {
    const { code, retryable } = error
    expect(json(error)).toEqual({ ...fields, code, retryable })
  })

  it('tells the path of a driver error', () => {
    expect(json(new PermissionError('no', { path: '/a' }))).toMatchObject({ path: '/a' })
  })
})

describe('codes', () => {
  const errors = [
    [new PathNotFoundError('/a'), 'PATH_NOT_FOUND', false],
    [new InvalidPathError('/a'), 'INVALID_PATH', false],
    [new InvalidOffsetError('/a', 1), 'INVALID_OFFSET', false],
    [new UnsupportedMethodError(), 'UNSUPPORTED_METHOD', false],
    [new WriterStateError('already closed', '/a'), 'WRITER_STATE', false],
    [new StorageClosedError(), 'CLOSED', false],
    [new ConfigError('x'), 'CONFIG', false],
    [new InvalidStorageDriverError('x'), 'UNKNOWN_DRIVER', false],
    [new PermissionError('x'), 'PERMISSION_DENIED', false],
    [new ThrottledError('x'), 'THROTTLED', true],
    [new UnavailableError('x'), 'UNAVAILABLE', true],
    [new NoSpaceError('x'), 'NO_SPACE', false],
    [new UploadNotFoundError('x'), 'UPLOAD_NOT_FOUND', false],
    [new RevisionChangedError('x'), 'REVISION_CHANGED', false],
    [new ContentError('x'), 'CONTENT', false],
    [new DriverError('x'), 'DRIVER', false],
    [new StorageErrors([]), 'MULTIPLE', false],
  ] as const

  it.each(errors)('%#: are stable', (error, code, retryable) => {
    expect(error.code).toBe(code)
    expect(error.retryable).toBe(retryable)
    expect(isStorageError(error)).toBe(true)
    expect(isStorageError(error, code)).toBe(true)
    expect(isStorageError(error, code === 'CONFIG' ? 'DRIVER' : 'CONFIG')).toBe(false)
  })

  it('are each of one class', () => {
    expect(new Set(errors.map(([, code]) => code)).size).toBe(errors.length)
  })

  it('are not asked of other values', () => {
    for (const value of [undefined, null, 'x', 1, {}, new Error('x'), { code: 'CONFIG' }]) {
      expect(isStorageError(value)).toBe(false)
    }
  })
})

describe('stamp', () => {
  it('names the driver once', () => {
    const error = new PathNotFoundError('/a').addContext('one').addContext('two')
    expect(error.driver).toBe('one')
    expect(error.message).toBe('one: Path not found: /a')
  })

  it('changes the first line of the stack too', () => {
    const error = new PathNotFoundError('/$&a')
    const lines = error.stack?.split('\n').length
    error.addContext('foo')
    const [first, second] = error.stack?.split('\n') ?? []
    expect(first).toBe('PathNotFoundError: foo: Path not found: /$&a')
    expect(second).toContain('errors.test.ts')
    expect(error.stack?.split('\n')).toHaveLength(lines ?? 0)
    expect(inspect(error)).toContain('PathNotFoundError: foo: Path not found')
  })

  it('reaches the errors inside of a StorageErrors and doubles no name', () => {
    const inner = [new PathNotFoundError('/a'), new PermissionError('no', { path: '/b' })]
    const error = new StorageErrors(inner).addContext('foo')
    expect(inner.map(({ driver }) => driver)).toEqual(['foo', 'foo'])
    expect(error.message).toBe('foo: errors:\nPath not found: /a\nno\n')
    expect(error.detail).toBe('errors:\nPath not found: /a\nno\n')
  })
})

it('keeps the cause, and has none where none was given', () => {
  const cause = new Error('socket')
  expect(new UnavailableError('x', { cause }).cause).toBe(cause)
  expect('cause' in new UnavailableError('x')).toBe(false)
})

it('makes control characters and lone surrogates of a path visible', () => {
  expect(new InvalidPathError('/a\u001b[2J\u2028\ud800').message).toBe(
    'invalid path: /a\\u001b[2J\\u2028\ufffd',
  )
  expect(new InvalidOffsetError('\u001b', 1).message).toBe('invalid offset: 1 for path: \\u001b')
  expect(new InvalidPathError(7 as never).message).toBe('invalid path: number is not a string')
})

it('shows the detail of a ConfigError', () => {
  expect(new ConfigError(['a', 'b'], { detail: 'c' }).message).toBe('a; b (c)')
})
