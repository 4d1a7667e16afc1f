// What somebody else may have put into staging, by mistake or by intent: nothing waits, nothing else fails, nothing outside
// is changed.

import { once } from 'node:events'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { StorageDriver } from '@stowage/core'
import { thisProcess } from '../src/owner.ts'
import { parseStaged, type StagedName, stagedName } from '../src/staged-name.ts'
import { failure, Recording, shell, systemError, temporaryFolder } from './recording.ts'

const UPLOADS = '.stowage/uploads/dir/file/.stowage'
const KINDS = [UPLOADS, '.stowage/marks', '.stowage/temporary']
const OLD = { started: 1_700_000_000_000_000, id: '0123456789abcdef', durable: 0 }
const dead = { ...thisProcess(), start: '1' }
const later = (): Date => new Date(Date.now() + 60_000)
let count = 0

function place(root: string, folder: string, name: Partial<StagedName> = {}): string {
  const id = String(count++).padStart(16, '0')
  mkdirSync(join(root, folder), { recursive: true })
  const state = folder === UPLOADS ? 'idle' : 'temp'
  const owner = (name.state ?? state) === 'idle' ? undefined : dead
  return join(root, folder, stagedName({ ...OLD, id, state, owner, ...name }))
}

async function appended(storage: StorageDriver): Promise<string> {
  const writer = await storage.writer('/dir/file', { append: true })
  await writer.write(Buffer.from('+'))
  await writer.commit()
  return String(await storage.getContent('/dir/file'))
}

const NONE = { code: 'PATH_NOT_FOUND' }

describe('in staging', () => {
  it('a named pipe holds up neither an append nor a purge, and no thread', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/keep', 'kept')
    const pipes = KINDS.flatMap((folder) =>
      Array.from({ length: 5 }, () => place(recording.root, folder)),
    )
    for (const pipe of pipes) shell(`mkfifo '${pipe}'`)
    const tries = Array.from({ length: 5 }, () => failure(appended(storage)))
    expect(await Promise.all(tries)).toMatchObject([NONE, NONE, NONE, NONE, NONE])
    expect(String(await storage.getContent('/keep'))).toBe('kept')
    writeFileSync(place(recording.root, UPLOADS), 'bytes')
    expect(await appended(storage)).toBe('bytes+')
    expect(await storage.purgeUploads('/', { olderThan: later() })).toEqual([])
    expect(pipes.filter((pipe) => existsSync(pipe))).toEqual([])
  })

  it('a pipe that takes the place of an upload while it is claimed is no upload', async () => {
    const recording = new Recording()
    writeFileSync(place(recording.root, UPLOADS), 'bytes')
    const storage = recording.driver()
    recording.fault = ({ text }) => {
      if (!/^open .*<held>/.test(text)) return undefined
      const [name = ''] = readdirSync(join(recording.root, UPLOADS))
      const file = join(recording.root, UPLOADS, name)
      shell(`rm '${file}' && mkfifo '${file}'`)
      return undefined
    }
    expect((await failure(appended(storage))).code).toMatch(/UPLOAD_NOT_FOUND|PATH_NOT_FOUND/)
    expect(recording.open).toEqual([])
  })

  it('a directory is left where it is, and everything else is purged', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    const directories = KINDS.map((folder) => place(recording.root, folder))
    for (const directory of directories) mkdirSync(directory)
    const files = KINDS.map((folder) => place(recording.root, folder))
    for (const file of files) writeFileSync(file, '')
    expect(await storage.purgeUploads('/', { olderThan: later() })).toHaveLength(1)
    expect(files.filter((file) => existsSync(file))).toEqual([])
    expect(directories.filter((directory) => !existsSync(directory))).toEqual([])
    expect(await failure(appended(storage))).toMatchObject(NONE)
  })

  it.each(['pipe', 'file', 'link'])(
    'a %s where a directory should be stops no purge',
    async (kind) => {
      const recording = new Recording()
      const outside = temporaryFolder()
      for (const folder of ['marks', 'temporary', 'probes', 'uploads/a/.stowage', 'uploads/b']) {
        const at = join(recording.root, '.stowage', folder)
        mkdirSync(dirname(at), { recursive: true })
        if (kind === 'pipe') shell(`mkfifo '${at}'`)
        else if (kind === 'file') writeFileSync(at, 'x')
        else symlinkSync(outside, at)
      }
      const upload = place(recording.root, UPLOADS)
      writeFileSync(upload, 'bytes')
      writeFileSync(join(outside, basename(upload)), 'kept')
      const purged = await recording.driver().purgeUploads('/', { olderThan: later() })
      expect(purged).toMatchObject([{ path: '/dir/file', size: 5 }])
      expect(readdirSync(outside)).toEqual([basename(upload)])
    },
  )

  it('a directory that cannot be read stops no purge of the rest', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    for (const path of ['/a', '/b/x', '/c']) await (await storage.writer(path)).close()
    recording.fault = ({ text }) => {
      if (/^readdir .*uploads\/b$/.test(text)) throw systemError('EACCES')
      return undefined
    }
    const purge = storage.purgeUploads('/', { olderThan: later() })
    expect(await failure(purge)).toMatchObject({ code: 'PERMISSION_DENIED' })
    recording.fault = () => undefined
    const left = await storage.purgeUploads('/', { olderThan: later() })
    expect(left).toMatchObject([{ path: '/b/x' }])
  })

  it('a mark that names no directory of the root is removed, and leads nowhere', async () => {
    const outside = temporaryFolder()
    const marks: ((file: string) => void)[] = [
      (file) => writeFileSync(file, '/a\0b'),
      (file) => writeFileSync(file, ''),
      (file) => writeFileSync(file, '/../../..'),
      (file) => writeFileSync(file, `/..${outside}`),
      (file) => {
        writeFileSync(file, '')
        truncateSync(file, 2 ** 43)
      },
    ]
    for (const make of marks) {
      const recording = new Recording()
      const file = place(recording.root, '.stowage/marks')
      try {
        make(file)
      } catch {
        // A file system without files of that length.
      }
      writeFileSync(place(recording.root, '.stowage/temporary'), 'x')
      await recording.driver().purgeUploads('/', { olderThan: later() })
      expect(existsSync(join(recording.root, '.stowage'))).toBe(false)
    }
  })

  it('a second name of a file is no upload: what is appended does not reach the file', async () => {
    const recording = new Recording()
    const precious = join(temporaryFolder(), 'precious')
    writeFileSync(precious, 'precious')
    linkSync(precious, place(recording.root, UPLOADS))
    linkSync(precious, place(recording.root, UPLOADS, { state: 'trim', durable: 3 }))
    expect(await failure(appended(recording.driver()))).toMatchObject(NONE)
    expect(readFileSync(precious, 'utf8')).toBe('precious')
  })

  it('an upload with fewer bytes than were flushed is not filled up with zeros', async () => {
    for (const durable of [4, 1_000_000_000_000, 2 ** 53 - 1]) {
      const recording = new Recording()
      const file = place(recording.root, UPLOADS, { state: 'trim', durable })
      writeFileSync(file, 'abc')
      expect(await failure(appended(recording.driver()))).toMatchObject(NONE)
      expect(statSync(file).size).toBe(3)
    }
    expect(
      parseStaged(stagedName({ ...OLD, state: 'idle' }).replace('.0.', `.${'9'.repeat(16)}.`)),
    ).toBeUndefined()
  })

  it('the newest upload is continued also when a clock was set back meanwhile', async () => {
    const recording = new Recording()
    const begin = async (text: string): Promise<void> => {
      const writer = await recording.driver().writer('/dir/file')
      await writer.write(Buffer.from(text))
      await writer.close()
    }
    // By a process whose clock was a year ahead.
    const ahead = (Date.now() + 31_536_000_000) * 1000
    writeFileSync(place(recording.root, UPLOADS, { started: ahead }), 'first')
    for (const text of ['second', 'third']) await begin(text)
    for (const expected of ['third+', 'second+', 'first+']) {
      expect(await appended(recording.driver())).toBe(expected)
    }
  })
})

const WORKER = `
  const { parentPort, workerData } = require('node:worker_threads')
  import(workerData.core).then(async ({ create }) => {
    await import(workerData.driver)
    const storage = await create('fs', { rootDirectory: workerData.root })
    const writer = await storage.writer('/dir/file')
    await writer.write(Buffer.alloc(600_000, 'x'))
    parentPort.postMessage('held')
    setInterval(() => {}, 1000)
  })`

const itWithProc = existsSync('/proc/thread-self/stat') ? it : it.skip
itWithProc(
  'an upload whose worker thread was ended can be continued by others of its process',
  async () => {
    const recording = new Recording()
    const storage = recording.driver()
    const source = (name: string): string =>
      new URL(`../../${name}/src/index.ts`, import.meta.url).href
    const worker = new Worker(WORKER, {
      eval: true,
      execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
      workerData: { root: recording.root, core: source('core'), driver: source('driver-fs') },
    })
    await once(worker, 'message')
    expect(await failure(storage.writer('/dir/file', { append: true }))).toMatchObject(NONE)
    expect(await storage.purgeUploads('/', { olderThan: later() })).toEqual([])
    await worker.terminate()
    const writer = await storage.writer('/dir/file', { append: true })
    expect(writer.size).toBeGreaterThan(500_000)
    await writer.cancel()
  },
)
