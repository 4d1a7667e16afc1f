import { describe, expect, it } from '@jest/globals'
import type { StorageError, StorageErrorCode } from '@stowage/core'
import {
  type Failure,
  type FailureKind,
  failureError,
  failureOf,
  failureTable,
  kindOfNetworkCode,
  kindOfStatus,
  Scrubber,
} from '@stowage/driver-kit'

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY='
const scrubber = new Scrubber(() => [SECRET, undefined])

function made(failure: Failure, keyed = true): StorageError {
  const about = { operation: 'GetObject', path: '/a', keyed }
  return failureError(failure, about, scrubber) as StorageError
}

const CODES: Record<FailureKind, StorageErrorCode> = {
  missing: 'PATH_NOT_FOUND',
  'upload-gone': 'UPLOAD_NOT_FOUND',
  precondition: 'REVISION_CHANGED',
  config: 'CONFIG',
  permission: 'PERMISSION_DENIED',
  throttled: 'THROTTLED',
  unavailable: 'UNAVAILABLE',
  'no-space': 'NO_SPACE',
  name: 'INVALID_PATH',
  unsupported: 'UNSUPPORTED_METHOD',
  content: 'CONTENT',
  // Engines act on these two. A caller gets no class of its own for them.
  'out-of-range': 'DRIVER',
  'part-refused': 'DRIVER',
}

describe('failureError', () => {
  it.each(Object.entries(CODES))('%s becomes %s', (kind, code) => {
    const error = made({ kind: kind as FailureKind, name: 'Word', message: 'said', status: 400 })
    expect(error).toMatchObject({ code })
    expect(error.cause).toMatchObject({ name: 'Word', message: 'said', status: 400 })
  })

  it('takes an unknown kind for a DriverError', () => {
    expect(made({ message: 'said' })).toMatchObject({
      code: 'DRIVER',
      message: 'GetObject: said',
      path: '/a',
    })
  })

  it('never says "not found" of a request for which nothing can be missing', () => {
    const error = made({ kind: 'missing', name: 'NoSuchKey', message: 'no', status: 404 }, false)
    expect(error.code).toBe('CONFIG')
    expect(error.message).toContain('GetObject: NoSuchKey: no (status 404)')
    expect(error.message).toContain('check the endpoint')
  })

  it('names the code, the status, the request and the attempts, each once', () => {
    const failure = { name: 'SlowDown', message: 'SlowDown', status: 503, attempts: 3 }
    expect(made({ ...failure, kind: 'throttled', requestId: 'ID/1=' }).message).toBe(
      'GetObject: SlowDown (status 503, request ID/1=, 3 attempts)',
    )
  })

  it('says what to do, and of which of several requests', () => {
    const request = { operation: 'HeadObject', keyed: false }
    const failure = { name: 'Lease', message: 'held', hint: 'break it', status: 412, request }
    expect(made(failure).message).toBe('HeadObject: Lease: held; break it (status 412)')
    expect(made({ ...failure, kind: 'missing' }).code).toBe('CONFIG')
  })

  it.each(['name', 'message', 'requestId'])('keeps secrets out of the %s', (field) => {
    const error = made({ message: 'x', kind: 'permission', [field]: `a ${SECRET} b` })
    const { cause, stack, message } = error
    const all = JSON.stringify([message, stack, error, cause, (cause as Error).message])
    expect(all).not.toContain('K7MDENG')
  })

  it.each<[unknown]>([[null], [undefined], [{ '@': 1 }], [['a']], [7], [{ toString: null }]])(
    'takes %p for any field',
    (odd) => {
      const failure = { name: odd, message: odd, requestId: odd }
      expect(made(failure).code).toBe('DRIVER')
    },
  )
})

describe('kindOfStatus', () => {
  it.each<[number, FailureKind | undefined]>([
    [200, undefined],
    [301, 'config'],
    [308, 'config'],
    [400, undefined],
    [401, 'config'],
    [403, 'permission'],
    [404, 'config'],
    [405, 'unsupported'],
    [407, 'config'],
    [408, 'unavailable'],
    [412, undefined],
    [416, 'out-of-range'],
    [429, 'throttled'],
    [500, 'unavailable'],
    [501, 'unsupported'],
    [503, 'unavailable'],
    [507, 'no-space'],
  ])('%d is %s', (status, kind) => {
    expect(kindOfStatus(status)).toBe(kind)
  })

  it('takes 412 for a condition only where the request has one', () => {
    expect(kindOfStatus(412, true)).toBe('precondition')
  })
})

describe('failureTable', () => {
  const kindOf = failureTable({
    names: { missing: ['NoSuchKey'], unknown: ['Teapot'] },
    statuses: { 403: 'throttled', 500: 'unknown' },
  })

  it.each<[FailureKind | undefined, Parameters<typeof kindOf>[0]]>([
    ['missing', { name: 'NoSuchKey', status: 500 }],
    [undefined, { name: 'Teapot', status: 503 }],
    ['throttled', { name: 'Other', status: 403 }],
    [undefined, { status: 500 }],
    ['unavailable', { name: 'Other', status: 503 }],
    ['precondition', { status: 412, conditional: true }],
    [undefined, { status: 412 }],
    ['unavailable', { name: 'ECONNRESET' }],
    ['unavailable', { name: 'TypeError', code: 'ECONNRESET', status: 200 }],
    [undefined, { name: { '@': 1 }, status: 200 }],
  ])('says %s of %j', (kind, told) => {
    expect(kindOf(told)).toBe(kind)
  })
})

describe('failureOf', () => {
  it('gives the failure behind an error', () => {
    const failure = { name: 'Word', message: 'said', status: 416 }
    expect(failureOf(made(failure))).toBe(failure)
  })

  it.each([undefined, null, 'text', new Error('other')])('knows nothing of %p', (other) => {
    expect(failureOf(other)).toBeUndefined()
  })
})

describe('kindOfNetworkCode', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EMFILE',
    'ENFILE',
    'HPE_INVALID_CONSTANT',
  ])('%s may pass', (code) => {
    expect(kindOfNetworkCode(code)).toBe('unavailable')
  })

  it.each(['ENOENT', '', 'NoSuchKey', undefined, 7])('%p is something else', (code) => {
    expect(kindOfNetworkCode(code)).toBeUndefined()
  })
})
