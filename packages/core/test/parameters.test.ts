import {
  isStorageError,
  type ParameterSchema,
  type ParameterValues,
  parameter,
  parseParameters,
} from '@stowage/core/driver'

/** The value that one parameter reads, or the problems. */
function read(parameter: ParameterSchema[string], value: unknown): unknown {
  try {
    return parseParameters('foo', { p: parameter }, { p: value }).p
  } catch (error) {
    if (!isStorageError(error, 'CONFIG')) throw error
    return error.message
  }
}

const circle: Record<string, unknown> = {}
circle.self = circle

describe('text', () => {
  it.each([
    ['a', 'a'],
    ['', ''],
    [12, '12'],
    [true, 'true'],
    [['a'], 'foo: p is ["a"], but should be text'],
    [{ a: 1 }, 'foo: p is {"a":1}, but should be text'],
  ])('%j', (given, expected) => {
    expect(read(parameter.string(), given)).toBe(expected)
  })
})

describe('flag', () => {
  const wrong = 'foo: the p parameter should be a boolean'
  it.each([
    [true, true],
    [false, false],
    ['1', true],
    ['T', true],
    ['True', true],
    ['0', false],
    ['FALSE', false],
    ['yes', wrong],
    ['tRUE', wrong],
    [1, wrong],
    ['', wrong],
  ])('%j', (given, expected) => {
    expect(read(parameter.boolean(), given)).toBe(expected)
  })
})

describe('integer', () => {
  it.each([
    [5, 5],
    ['5', 5],
    ['+5', 5],
    ['05', 5],
    [1, 1],
    [10, 10],
    [0, 'foo: p is 0, but should be an integer from 1 to 10'],
    [11, 'foo: p is 11, but should be an integer from 1 to 10'],
    [1.5, 'foo: p is 1.5, but should be an integer from 1 to 10'],
    ['5 ', "foo: p is '5 ', but should be an integer from 1 to 10"],
    ['', "foo: p is '', but should be an integer from 1 to 10"],
    ['0x5', "foo: p is '0x5', but should be an integer from 1 to 10"],
    [Number.NaN, 'foo: p is NaN, but should be an integer from 1 to 10'],
    [true, 'foo: p is true, but should be an integer from 1 to 10'],
    [circle, 'foo: p is [object Object], but should be an integer from 1 to 10'],
    [5n, 'foo: p is 5, but should be an integer from 1 to 10'],
  ])('%p', (given, expected) => {
    expect(read(parameter.integer({ min: 1, max: 10 }), given)).toBe(expected)
  })

  it('does not round what is no safe integer', () => {
    expect(read(parameter.integer({}), '9007199254740991')).toBe(9007199254740991)
    expect(read(parameter.integer({}), '9007199254740993')).toMatch(/should be an integer$/)
    expect(read(parameter.integer({}), -3)).toBe(-3)
  })
})

describe('limit, as the Go registry reads it', () => {
  it.each([
    // The Go registry's own cases.
    ['foo', "foo: p config error: parameter must be an integer, 'foo' invalid"],
    ['50', 50],
    ['5', 25],
    [null, 100],
    [812, 812],
    // Go's notations.
    ['0x40', 64],
    ['0b1000000', 64],
    ['0o100', 64],
    ['0100', 64],
    ['1_000', 1000],
    ['0x_40', 64],
    ['09', "foo: p config error: parameter must be an integer, '09' invalid"],
    ['1__0', "foo: p config error: parameter must be an integer, '1__0' invalid"],
    ['-5', "foo: p config error: parameter must be an integer, '-5' invalid"],
    [-5, 25],
    [0, 25],
    [1.5, 'foo: p config error: invalid value 1.5'],
    [true, 'foo: p config error: invalid value true'],
    [[1], 'foo: p config error: invalid value [1]'],
  ])('%j', (given, expected) => {
    expect(read(parameter.clampedInteger({ min: 25 }, { default: 100 }), given)).toBe(expected)
  })
})

describe('oneOf', () => {
  const words = parameter.enum(['read', 'Write'])
  it.each([
    ['read', 'read'],
    ['READ', 'read'],
    ['write', 'Write'],
    ['none', "foo: p is 'none', but should be one of read, Write"],
    [1, 'foo: p is 1, but should be one of read, Write'],
  ])('%j', (given, expected) => {
    expect(read(words, given)).toBe(expected)
  })
})

it('takes objects and functions as they are, and shows nothing else that is given in their place', () => {
  const client = { key: 'SECRET' }
  expect(read(parameter.object('a client'), client)).toBe(client)
  expect(read(parameter.object('a client'), parseParameters)).toBe(parseParameters)
  expect(read(parameter.object('a client'), 'SECRET')).toBe(
    'foo: p is (not shown), but should be a client',
  )
})

const schema = {
  rootDirectory: parameter.string({ required: true }),
  chunkSize: parameter.integer({ min: 1 }, { aliases: ['chunk', 'part_size'], default: 5 }),
  secretKey: parameter.integer({}, { secret: true }),
  keyId: parameter.string({ required: 'no key id provided' }),
  debug: parameter.boolean(),
}

function problems(raw: unknown): readonly string[] {
  try {
    parseParameters('foo', schema, raw)
  } catch (error) {
    if (isStorageError(error, 'CONFIG'))
      return (error as unknown as { problems: string[] }).problems
    throw error
  }
  return []
}

describe('parseParameters', () => {
  it('gives values, defaults and undefined, typed', () => {
    const values: ParameterValues<typeof schema> = parseParameters('foo', schema, {
      rootDirectory: '/a',
      keyId: 'k',
    })
    const root: string = values.rootDirectory
    const size: number = values.chunkSize
    const debug: boolean | undefined = values.debug
    expect({ root, size, debug }).toEqual({ root: '/a', size: 5, debug: undefined })
  })

  it('accepts lower case and aliases', () => {
    const raw = { rootdirectory: '/a', keyid: 'k', part_size: 7 }
    expect(parseParameters('foo', schema, raw)).toMatchObject({ rootDirectory: '/a', chunkSize: 7 })
  })

  it('takes null for absent', () => {
    const raw = { rootDirectory: '/a', keyId: 'k', chunkSize: null, debug: undefined }
    expect(parseParameters('foo', schema, raw)).toMatchObject({ chunkSize: 5, debug: undefined })
    expect(problems({ rootDirectory: null, keyId: 'k' })).toEqual([
      'rootDirectory is missing: text',
    ])
  })

  it('reports all problems at once', () => {
    expect(
      problems({ chunk: 0, secretKey: 'SECRET', debug: 'maybe', rootDirectry: '/a', zzz: 1 }),
    ).toEqual([
      'unknown parameter rootDirectry: did you mean rootDirectory?',
      'unknown parameter zzz: known are rootDirectory, chunkSize, secretKey, keyId, debug',
      'rootDirectory is missing: text',
      'chunk is 0, but should be an integer from 1',
      'secretKey is (not shown), but should be an integer',
      'no key id provided',
      'the debug parameter should be a boolean',
    ])
  })

  it('names both spellings of what is given twice', () => {
    expect(problems({ rootDirectory: '/a', rootdirectory: '/b', keyId: 'k' })).toEqual([
      'rootDirectory is given twice, as rootDirectory and as rootdirectory',
    ])
  })

  it.each([
    ['ROOTDIRECTORY', 'rootDirectory'],
    ['key-id', 'keyId'],
    ['chunksizes', 'chunkSize'],
  ])('suggests for %s', (given, meant) => {
    expect(problems({ rootDirectory: '/', keyId: '', [given]: 1 })).toEqual([
      `unknown parameter ${given}: did you mean ${meant}?`,
    ])
  })

  it('is not led astray by names of Object.prototype', () => {
    const raw = JSON.parse('{"rootDirectory":"/a","keyId":"k","__proto__":1,"constructor":2}')
    expect(problems(raw)).toHaveLength(2)
  })

  it('shows no text that is given instead of a map', () => {
    for (const [raw, kind] of [
      ['AccountKey=SECRET', 'a string'],
      [['SECRET'], 'a list'],
      [null, 'null'],
      [7, 'a number'],
    ]) {
      expect(problems(raw)).toEqual([`the parameters are a map of names and values, not ${kind}`])
    }
  })

  it('cuts long values', () => {
    const [problem] = problems({ rootDirectory: '/', keyId: '', chunkSize: 'x'.repeat(500) })
    expect(problem?.length).toBeLessThan(150)
  })
})
