import { readConfiguration } from '../src/config.ts'
import { Workspace } from './helpers/stowage.ts'

let work: Workspace
beforeAll(async () => {
  work = await Workspace.create()
})
afterAll(() => work.remove())

const place = () => ({ cwd: work.directory, env: { XDG_CONFIG_HOME: work.path('user') } })

async function read(text: string) {
  const file = await work.write('config.yml', text)
  return readConfiguration(file, place())
}

describe('a configuration', () => {
  it('names storages by URL and by driver and parameters', async () => {
    const { storages, default: chosen } = await read(
      'storages:\n  main: fs:///data\n  other: {inmemory: null}\ndefault: other\n',
    )
    expect([...storages]).toEqual([
      ['main', 'fs:///data'],
      ['other', { inmemory: null }],
    ])
    expect(chosen).toBe('other')
  })

  it('may be that of a registry, whose storage is then the default', async () => {
    const { storages, default: chosen } = await read(
      'version: 0.1\nhttp: {addr: ":5000"}\nstorage:\n  delete: {enabled: true}\n  filesystem: {rootdirectory: /r}\n',
    )
    expect(chosen).toBe('registry')
    expect(storages.get('registry')).toMatchObject({ filesystem: { rootdirectory: '/r' } })
  })

  it('may name the driver only, as a registry can', async () => {
    const { storages } = await read('storage: inmemory\n')
    expect(storages.get('registry')).toEqual({ inmemory: null })
  })

  it('has no default where there are several and none is chosen', async () => {
    expect((await read('storages: {ab: fs:///a, cd: fs:///b}\n')).default).toBeUndefined()
  })

  it('is empty where there is no file and none was asked for', async () => {
    const { file, storages } = await readConfiguration(undefined, place())
    expect([file, storages.size]).toEqual([undefined, 0])
  })

  it('reports all that is wrong with it at once', async () => {
    const reading = read('storages: {a: fs:///a, good: 3, "x y": fs:///b}\ndefault: nope\n')
    await expect(reading).rejects.toMatchObject({ code: 'CONFIG', exitCode: 4 })
    await expect(reading).rejects.toThrow(
      /'a' is no storage name.*good is neither.*'x y' is no.*nope/,
    )
  })

  it('never shows the text around a syntax error, which may be a secret', async () => {
    const reading = read('storages:\n  main: {s3: {secretkey: "hush-hush\n')
    await expect(reading).rejects.toThrow(/not valid YAML: .*line/)
    await expect(reading).rejects.not.toThrow(/hush/)
  })

  it('says which file is missing', async () => {
    await expect(readConfiguration('nope.yml', place())).rejects.toThrow(/nope\.yml does not exist/)
  })
})
