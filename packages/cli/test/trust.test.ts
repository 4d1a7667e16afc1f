// What lies in a directory, or in one above it, is used only where the user has said so and nobody else can change it.
import { chmod, chown, mkdir, symlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Workspace } from './helpers/stowage.ts'

/** Somebody else. */
const STRANGER = 54_321
const isRoot = process.geteuid?.() === 0
/** To be two users takes root. */
const asRoot = isRoot ? it : it.skip
if (!isRoot) console.warn('trust.test.ts: SKIPPED without root: what belongs to another user')

let work: Workspace
beforeEach(async () => {
  work = await Workspace.create()
  await work.write('store/hello', 'from the store')
})
afterEach(() => work.remove())

const configuration = (name = 'main'): string => `storages: {${name}: ${work.url('store')}}\n`

describe('a stowage.yml that lies in the working directory', () => {
  it('is not used, and the command says what to do', async () => {
    const file = await work.write('stowage.yml', configuration())
    for (const location of ['main:/hello', '/hello', 'main:', 'inmemory:#/x']) {
      const { code, stdout, stderr } = await work.run(['cat', location])
      expect([code, stdout]).toEqual([4, ''])
      expect(stderr).toBe(
        `stowage: ${file} is not used: you have not trusted it; read it, then run: ` +
          `stowage trust ${work.directory} (or name it with --config ${file})\n`,
      )
    }
    const { stdout } = await work.run(['cat', '--config', file, 'main:/hello'])
    expect(stdout).toBe('from the store')
  })

  it('is not asked for what is a URL', async () => {
    await work.write('stowage.yml', 'not: [valid')
    expect((await work.run(['cat', work.url('store', '#/hello')])).stdout).toBe('from the store')
  })

  it('does not let another storage take its place', async () => {
    await work.write('.config/stowage/stowage.yml', configuration())
    expect((await work.run(['cat', 'main:/hello'])).stdout).toBe('from the store')
    await work.write('stowage.yml', 'storages: {main: inmemory:}')
    expect(await work.run(['ls', 'main:'])).toMatchObject({ code: 4, stdout: '' })
  })

  it('is used once it is trusted, until it changes', async () => {
    const file = await work.write('stowage.yml', configuration())
    const trusted = await work.run(['trust'])
    expect(trusted).toMatchObject({ code: 0, stdout: `${file} is trusted as it is now: main\n` })
    expect((await work.run(['cat', 'main:/hello'])).stdout).toBe('from the store')
    await work.write('stowage.yml', configuration('other'))
    const { code, stderr } = await work.run(['ls', 'main:'])
    expect([code, stderr]).toEqual([4, expect.stringContaining('changed since you trusted it')])
    await work.run(['trust', work.directory], { cwd: '/' })
    expect((await work.run(['cat', 'other:/hello'])).stdout).toBe('from the store')
  })

  it('is not used any more after trust --remove, nor a copy of it elsewhere', async () => {
    await work.write('stowage.yml', configuration())
    await work.write('copy/stowage.yml', configuration())
    await work.run(['trust'])
    expect((await work.run(['ls'], { cwd: work.path('copy') })).code).toBe(4)
    expect((await work.run(['trust', '--remove'])).code).toBe(0)
    expect((await work.run(['ls'])).code).toBe(4)
  })

  it('is not trusted while it is wrong, or not there', async () => {
    expect(await work.run(['trust'])).toMatchObject({ code: 4, stdout: '' })
    await work.write('stowage.yml', 'storages: 3')
    expect(await work.run(['trust'])).toMatchObject({ code: 4, stdout: '' })
  })

  it('is not used where others may write it, or its directory', async () => {
    if (process.platform === 'win32') return
    const file = await work.write('shared/stowage.yml', configuration())
    await work.run(['trust', 'shared'])
    const options = { cwd: work.path('shared') }
    for (const path of [file, work.path('shared')]) {
      await chmod(path, 0o777)
      const { code, stderr } = await work.run(['ls'], options)
      expect([code, stderr]).toEqual([4, expect.stringContaining('may be written by other users')])
      await chmod(path, 0o755)
    }
    expect((await work.run(['ls'], options)).code).toBe(0)
  })

  asRoot("is not used where it is another user's, even when it was trusted", async () => {
    const file = await work.write('theirs/stowage.yml', configuration())
    await work.run(['trust', 'theirs'])
    for (const path of [file, work.path('theirs')]) {
      await chown(path, STRANGER, STRANGER)
      const { code, stderr } = await work.run(['ls'], { cwd: work.path('theirs') })
      expect([code, stderr]).toEqual([4, expect.stringContaining('belongs to another user')])
      expect((await work.run(['trust', 'theirs'])).code).toBe(4)
      await chown(path, 0, 0)
    }
  })

  asRoot("is not used because another user's record says so", async () => {
    await work.write('stowage.yml', configuration())
    await work.run(['trust'])
    await chown(work.path('.config/stowage/trusted'), STRANGER, STRANGER)
    expect((await work.run(['ls'])).code).toBe(4)
  })
})

describe('credentials', () => {
  let server: Server
  let seen: string[]
  beforeEach(async () => {
    seen = []
    server = createServer((request, reply) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        seen.push(`${request.url} ${body}`)
        reply.writeHead(400).end('{}')
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  })
  afterEach(() => new Promise((done) => server.close(done)))

  const stolen = async (): Promise<string> => {
    const { port } = server.address() as AddressInfo
    return JSON.stringify({
      storages: {
        main: {
          gcs: {
            ...{ bucket: 'b', endpoint: `http://127.0.0.1:${port}`, maxRetries: 0 },
            credentials: {
              ...{ type: 'external_account', audience: 'x' },
              subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
              token_url: `http://127.0.0.1:${port}/sts`,
              credential_source: { file: await work.write('private', 'a private file') },
            },
          },
        },
      },
    })
  }

  it('of a found file read no file of the user’s and send it nowhere', async () => {
    await work.write('stowage.yml', await stolen())
    expect((await work.run(['ls'])).code).toBe(4)
    expect(seen).toEqual([])
    // Not even where the user trusts the directory: such credentials are to be named.
    await work.run(['trust'])
    const { code, stderr } = await work.run(['ls'])
    expect([code, stderr]).toEqual([4, expect.stringContaining('external_account')])
    expect(seen).toEqual([])
  })
})

describe('a driver', () => {
  /** One that says whose it is by failing. */
  async function plant(folder: string, name: string): Promise<string> {
    const about = { name, version: '1.0.0', type: 'module', exports: './index.js' }
    await work.write(`${folder}/node_modules/${name}/package.json`, JSON.stringify(about))
    const code = `throw new Error('this is ${folder}')`
    await work.write(`${folder}/node_modules/${name}/index.js`, code)
    return work.path(folder, 'node_modules', name)
  }

  it('comes from where the command is installed, not from the working directory', async () => {
    await plant('.', '@stowage/driver-s3')
    for (const more of [[], ['--import', '@stowage/driver-s3']]) {
      const { stderr } = await work.run(['ls', ...more, 's3://bucket?acesskey=AKEXAMPLE'])
      expect(stderr).toContain('did you mean accessKey?')
    }
  })

  it('of the working directory is loaded for --import and a trusted configuration only', async () => {
    await plant('.', 'stowage-driver-planted')
    const loaded = 'stowage-driver-planted could not be loaded: this is .'
    const by = async (...args: string[]): Promise<string> => (await work.run(args)).stderr
    expect(await by('ls', 'planted:')).toContain('not registered: planted')
    expect(await by('ls', '--import', 'stowage-driver-planted', 'planted:')).toContain(loaded)
    await work.write('stowage.yml', 'storages: {main: {planted: null}}')
    expect(await by('ls', 'main:')).toContain('you have not trusted it')
    await work.run(['trust'])
    expect(await by('ls', 'main:')).toContain(loaded)
  })

  asRoot('that another user has put into a directory above is never loaded', async () => {
    await mkdir(work.path('above/mine'), { recursive: true })
    const folder = await plant('above', 'stowage-driver-planted')
    const args = ['ls', '--import', 'stowage-driver-planted', 'planted:']
    const options = { cwd: work.path('above/mine') }
    for (const path of [`${folder}/index.js`, folder, work.path('above/node_modules')]) {
      await chown(path, STRANGER, STRANGER)
      const { code, stderr } = await work.run(args, options)
      expect([code, stderr]).toEqual([4, expect.stringContaining('belongs to another user')])
      await chown(path, 0, 0)
    }
    await chmod(folder, 0o777)
    expect((await work.run(args, options)).stderr).toContain('may be written by other users')
    await chmod(folder, 0o755)
    expect((await work.run(args, options)).stderr).toContain('this is above')
  })

  asRoot('is not loaded by way of another user’s link, or beside their packages', async () => {
    const folder = await plant('mine', 'stowage-driver-planted')
    await mkdir(work.path('theirs/node_modules'), { recursive: true })
    await symlink(folder, work.path('theirs/node_modules/stowage-driver-planted'))
    await chown(work.path('theirs/node_modules'), STRANGER, STRANGER)
    const args = ['ls', '--import', 'stowage-driver-planted', 'planted:']
    const linked = await work.run(args, { cwd: work.path('theirs') })
    expect(linked.stderr).toContain('belongs to another user')
    // A shared directory as /tmp is: what a package imports may be found there.
    await mkdir(work.path('shared'))
    await plant('shared/mine', 'stowage-driver-planted')
    await chmod(work.path('shared'), 0o1777)
    const options = { cwd: work.path('shared/mine') }
    expect((await work.run(args, options)).stderr).toContain('this is shared/mine')
    await mkdir(work.path('shared/node_modules'))
    await chown(work.path('shared/node_modules'), STRANGER, STRANGER)
    expect((await work.run(args, options)).stderr).toContain('belongs to another user')
  })

  asRoot('of root serves another user, to whom it does not belong', async () => {
    await chmod(work.directory, 0o755)
    await plant('shared', 'stowage-driver-planted')
    const args = ['ls', '--import', 'stowage-driver-planted', 'planted:']
    const { stderr } = await work.run(args, { cwd: work.path('shared'), uid: STRANGER })
    expect(stderr).toContain('this is shared')
  })

  it('is recommended by a name that somebody owns', async () => {
    const { stderr } = await work.run(['ls', 'gs://bucket'])
    expect(stderr).toBe('stowage: StorageDriver not registered: gs; did you mean gcs?\n')
  })
})
