import { resolve } from 'node:path'
import { create, createFromURL } from '@stowage/core'
import { fromURL, parse, parseFilesystem } from '../src/parameters.ts'
import '../src/index.ts'
import { failure } from './recording.ts'

describe('parameters', () => {
  it('have defaults; the root directory has one under the name of the Go registry only', () => {
    expect(parse({ rootDirectory: '/data' })).toEqual({
      rootDirectory: '/data',
      createRoot: true,
      durability: 'full',
      maxThreads: 100,
      fileMode: 0o666,
      directoryMode: 0o777,
      chunkSize: 512 * 1024,
    })
    expect(parseFilesystem({})).toMatchObject({ rootDirectory: '/var/lib/registry' })
    expect(() => parse({})).toThrow('rootDirectory is missing')
  })

  it('are taken as a registry configuration spells them', () => {
    const settings = parseFilesystem({ rootdirectory: '/data', maxthreads: '0x20' })
    expect(settings).toMatchObject({ rootDirectory: '/data', maxThreads: 32 })
    expect(parse({ rootDirectory: '/', maxThreads: 3 }).maxThreads).toBe(25)
    expect(parse({ rootDirectory: '/', fileMode: '640' }).fileMode).toBe(0o640)
    expect(parse({ rootDirectory: '/', directoryMode: '0o750' }).directoryMode).toBe(0o750)
  })

  it('are all reported at once when they are wrong', async () => {
    const wrong = {
      rootDirectory: '',
      durability: 'most',
      maxThreads: 'many',
      fileMode: 640,
      directoryMode: '0888',
      chunkSize: 1,
      root: '/x',
    }
    const error = await failure(create('fs', wrong as never))
    expect(error).toMatchObject({ code: 'CONFIG' })
    expect((error as unknown as { problems: string[] }).problems).toHaveLength(7)
    expect(error.message).toContain("durability is 'most', but should be one of full, file, none")
    expect(error.message).toContain('maxthreads config error:')
  })

  it('come from a URL', async () => {
    const url = (text: string, platform?: NodeJS.Platform): unknown =>
      fromURL(new URL(text), platform)
    expect(url('fs:///var/my%20data?durability=none')).toEqual({
      rootDirectory: '/var/my data',
      durability: 'none',
    })
    expect(url('fs:data/here')).toEqual({ rootDirectory: 'data/here' })
    expect(url('fs:///C:/data', 'win32')).toEqual({ rootDirectory: 'C:/data' })
    expect(url('fs:///C:/data', 'linux')).toEqual({ rootDirectory: '/C:/data' })
    for (const wrong of ['fs://host/data', 'fs://u:p@h/data', 'fs:///data#x', 'fs:///data%zz']) {
      expect(() => url(wrong)).toThrow(/URL/)
    }
    const storage = await createFromURL(`fs://${resolve('/nowhere/at/all')}`)
    expect(storage.name).toBe('fs')
    await expect(createFromURL('fs:?durability=none')).rejects.toThrow('rootDirectory is missing')
  })

  it('both names make the same driver', async () => {
    for (const name of ['fs', 'filesystem'] as const) {
      const storage = await create(name, { rootDirectory: '/nowhere/at/all' })
      expect(storage.name).toBe(name)
      expect(await failure(storage.getContent('/a'))).toMatchObject({
        message: `${name}: Path not found: /a`,
      })
    }
  })
})
