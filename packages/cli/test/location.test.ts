import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseLocal, parseLocation } from '../src/location.ts'

const cwd = process.cwd()
const storage = (of: string | undefined, path: string, directory = false) => ({
  kind: 'storage',
  storage: of,
  path,
  directory,
})
const local = (file: string, directory = false) => ({ kind: 'local', file, directory })

describe('a location', () => {
  it('is a path in the default storage when it starts with a slash', () => {
    expect(parseLocation('/', cwd)).toEqual(storage(undefined, '/', true))
    expect(parseLocation('/a/b', cwd)).toEqual(storage(undefined, '/a/b'))
    expect(parseLocation('/a/b/', cwd)).toEqual(storage(undefined, '/a/b', true))
  })

  it('is a URL, and a path after the first #', () => {
    expect(parseLocation('fs:///var/data', cwd)).toEqual(storage('fs:///var/data', '/', true))
    expect(parseLocation('fs:///var/data#/a#b %20/', cwd)).toEqual(
      storage('fs:///var/data', '/a#b %20', true),
    )
    expect(parseLocation('s3://bucket/prefix?region=x#', cwd)).toEqual(
      storage('s3://bucket/prefix?region=x', '/', true),
    )
    expect(parseLocation('inmemory:', cwd)).toEqual(storage('inmemory:', '/', true))
    expect(parseLocation('inmemory:?fileAndDirectory=true#/a', cwd)).toEqual(
      storage('inmemory:?fileAndDirectory=true', '/a'),
    )
  })

  it('is a named storage and a path after a colon and one slash', () => {
    expect(parseLocation('backup:/a', cwd)).toEqual(storage('backup', '/a'))
    expect(parseLocation('backup:/', cwd)).toEqual(storage('backup', '/', true))
    expect(parseLocation('back_up.2:', cwd)).toEqual(storage('back_up.2:', '/', true))
  })

  it('is local when it starts with a dot, or is a file URL', () => {
    expect(parseLocation('./a', cwd)).toEqual(local(resolve('a')))
    expect(parseLocation('../a/', cwd)).toEqual(local(resolve('../a'), true))
    expect(parseLocation('.', cwd)).toEqual(local(cwd, true))
    expect(parseLocation(pathToFileURL(resolve('a b')).href, cwd)).toEqual(local(resolve('a b')))
    expect(parseLocation('-', cwd)).toEqual({ kind: 'stream' })
  })

  it('is local when it starts with a drive letter of Windows', () => {
    expect(parseLocation('C:\\data', cwd)).toMatchObject({ kind: 'local', directory: false })
    expect(parseLocation('C:/data/', cwd)).toMatchObject({ kind: 'local', directory: true })
    expect(parseLocal('c:\\data', cwd)).toMatchObject({ kind: 'local' })
  })

  it.each(['data/a', 'a.txt', '.hidden', '', 'fs:///a#b', '#/a', 'a b://c'])(
    'is refused with a hint: %j',
    (text) => {
      expect(() => parseLocation(text, cwd)).toThrow(
        expect.objectContaining({ code: 'USAGE', hint: expect.stringMatching(/./) }),
      )
    },
  )
})

describe('a local argument', () => {
  it('may be any path of this machine', () => {
    expect(parseLocal('a/b', cwd)).toEqual(local(resolve('a/b')))
    expect(parseLocal('/tmp/a#b/', cwd)).toEqual(local(resolve('/tmp/a#b'), true))
    expect(parseLocal('a:b', cwd)).toEqual(local(resolve('a:b')))
    expect(parseLocal('..', cwd)).toEqual(local(resolve('..'), true))
  })

  it('is refused where it is a storage', () => {
    expect(() => parseLocal('s3://bucket', cwd)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: 'use stowage cp' }),
    )
  })
})
