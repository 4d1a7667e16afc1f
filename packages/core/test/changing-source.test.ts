import {
  appendFileSync,
  closeSync,
  createReadStream,
  openSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type FileInfo, RevisionChangedError } from '@stowage/core'
import { toStorageDriver } from '@stowage/core/driver'
import { copy, type TransferOptions, uploadFile } from '@stowage/core/transfer'
import { Memory, storage } from './helpers/memory.ts'
import { failure } from './helpers/util.ts'

const SIZE = 3 * 1024 * 1024
let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-changing-'))
  file = join(folder, 'file')
  await writeFile(file, Buffer.alloc(SIZE))
})
afterEach(() => rm(folder, { recursive: true }))

/** A storage over the local folder, as a file system: a change in place shows at once. */
class Folder extends Memory {
  override readonly name = 'folder'
  override async stat(path: string): Promise<FileInfo> {
    const { size, mtime } = statSync(folder + path)
    return { path, size, modTime: mtime, isDir: false }
  }
  override async reader(path: string): Promise<Readable> {
    return createReadStream(folder + path)
  }
}

const ways = {
  copy: (to: Memory, options?: TransferOptions) =>
    copy(toStorageDriver(new Folder()), '/file', toStorageDriver(to), '/c', options),
  uploadFile: (to: Memory, options?: TransferOptions) =>
    uploadFile(toStorageDriver(to), '/c', file, options),
}

function editInPlace(): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, 'CHANGED', 10)
  writeSync(fd, 'CHANGED', SIZE - 100)
  closeSync(fd)
}

const changes: Record<string, () => void> = {
  'is edited in place': editInPlace,
  'is replaced by another one of its size': () => {
    writeFileSync(join(folder, 'new'), Buffer.alloc(SIZE, 1))
    renameSync(join(folder, 'new'), file)
  },
  'becomes shorter': () => truncateSync(file, SIZE / 2),
  'becomes longer': () => appendFileSync(file, 'more'),
}

/** Changes the file once it is half copied, `times` times in all. */
function during(change: () => void, times: number): TransferOptions {
  let left = times
  let last = Number.POSITIVE_INFINITY
  return {
    onProgress({ bytes }) {
      if (bytes < last) last = Number.POSITIVE_INFINITY
      if (left > 0 && bytes > SIZE / 4 && last === Number.POSITIVE_INFINITY) {
        last = bytes
        left--
        change()
      }
    },
  }
}

describe.each(Object.entries(ways))('%s of a file', (_, run) => {
  it.each(Object.entries(changes))(
    'that %s is made again from the new content',
    async (_, change) => {
      for (const options of [{}, { verify: true }, { resume: true }]) {
        await writeFile(file, Buffer.alloc(SIZE))
        const to = new Memory()
        const result = await run(to, { ...during(change, 1), ...options })
        const now = await readFile(file)
        expect(to.files.get('/c')?.equals(now)).toBe(true)
        expect(result.bytes).toBe(now.length)
        expect(to.sessions).toEqual([])
      }
    },
  )

  it('that never stops changing fails by name, publishes nothing and leaves nothing', async () => {
    const to = new Memory()
    to.files.set('/c', Buffer.from('old'))
    const options = during(editInPlace, 1000)
    const error = await failure(run(to, { ...options, resume: true }))
    expect(error).toMatchObject({ code: 'REVISION_CHANGED' })
    expect(error.message).toContain('file was changed while it was copied')
    expect(String(to.files.get('/c'))).toBe('old')
    expect(to.sessions).toEqual([])
  })

  it('that changes after it was stored is not said to be verified', async () => {
    const to = new Memory()
    const { reader } = to
    let left = 1
    to.reader = async (path, options) => {
      if (left-- > 0) editInPlace()
      return reader.call(to, path, options)
    }
    expect(await run(to, { verify: true })).toMatchObject({ verified: true })
    expect(to.files.get('/c')?.equals(await readFile(file))).toBe(true)
  })
})

it('copies again where the reader says that the revision changed', async () => {
  const { memory, driver } = storage({ '/a': 'new' })
  const { reader } = memory
  let left = 2
  memory.reader = async (path, options) => {
    if (left-- > 0) throw new RevisionChangedError('it was replaced', { path })
    return reader.call(memory, path, options)
  }
  await copy(driver, '/a', driver, '/b')
  expect(String(memory.files.get('/b'))).toBe('new')
})
