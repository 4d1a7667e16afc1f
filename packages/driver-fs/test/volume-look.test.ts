import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { create, type StorageDriver } from '@stowage/core'
import { toStorageDriver } from '@stowage/core/driver'
import {
  type MountedVolume,
  mountVolume,
  type VolumeKind,
  whyNoVolume,
} from '@stowage-internal/test-servers'
import { FsDriver } from '../src/driver.ts'
import { nodeFileSystem } from '../src/node-file-system.ts'
import { thisProcess } from '../src/owner.ts'
import { parse } from '../src/parameters.ts'
import { stagedName } from '../src/staged-name.ts'
import '../src/index.ts'
import { collect, failure, systemError, temporaryFolder } from './recording.ts'

type Flags = Partial<Record<'caseSensitive' | 'normalizationSensitive', boolean>>

/** Flags, and the names out of these that are refused. */
const NAMES = ['a:b', 'a*b', 'dot.', 'blank ', 'con', 'é'.repeat(255)]
const EXPECTED: Readonly<Record<VolumeKind, readonly [boolean, boolean, readonly string[]]>> = {
  exfat: [false, true, NAMES.slice(0, 2)],
  ntfs: [true, true, []],
  'ntfs-windows': [false, true, NAMES],
  folding: [false, false, NAMES.slice(5)],
}

const flags = ({ capabilities }: StorageDriver): Flags => {
  const { caseSensitive, normalizationSensitive } = capabilities
  return { caseSensitive, normalizationSensitive }
}

/** Runs the tests on a volume, or says why not. */
function onVolume(
  kind: VolumeKind,
  tests: (newRoot: () => string) => void,
  fsyncError?: string,
): void {
  const reason = whyNoVolume(kind)
  if (reason !== undefined) {
    console.warn(`skipped: a look at a volume ${kind}, because ${reason}`)
    it.skip(`a volume ${kind} (${reason})`, () => {})
    return
  }
  describe(`a volume ${kind}${fsyncError ? ` whose directories say ${fsyncError}` : ''}`, () => {
    let volume: MountedVolume
    let roots = 0
    beforeAll(async () => {
      volume = await mountVolume(kind, { fsyncError })
    })
    afterAll(() => volume.unmount())
    tests(() => {
      const root = join(volume.folder, `r${roots++}`)
      mkdirSync(root)
      return root
    })
  })
}

for (const [kind, [caseSensitive, normalizationSensitive, refused]] of Object.entries(EXPECTED)) {
  onVolume(kind as VolumeKind, (newRoot) => {
    it('is found out, by many instances at once, and nothing is left', async () => {
      const root = newRoot()
      const all = await Promise.all(
        Array.from({ length: 8 }, () => create('fs', { rootDirectory: root })),
      )
      for (const one of all) expect(flags(one)).toEqual({ caseSensitive, normalizationSensitive })
      expect(readdirSync(root)).toEqual([])
    })

    it('refuses what it cannot hold before anything is stored, and holds the rest', async () => {
      const storage = await create('fs', { rootDirectory: newRoot() })
      for (const name of NAMES) {
        const path = `/dir/${name}`
        if (refused.includes(name)) {
          expect(await failure(storage.writer(path))).toMatchObject({ code: 'INVALID_PATH' })
        } else {
          await storage.putContent(path, name)
          expect(String(await storage.getContent(path))).toBe(name)
        }
      }
    })
  })
}

onVolume('folding', (newRoot) => {
  it('is found out by its entries where nothing can be written', async () => {
    const root = newRoot()
    const mkdir = async (): Promise<void> => {
      throw systemError('EROFS')
    }
    const open = async (): Promise<Flags> => {
      const settings = parse({ rootDirectory: root })
      return flags(
        toStorageDriver(await FsDriver.open(settings, { system: { ...nodeFileSystem, mkdir } })),
      )
    }
    // Nothing tells: two spellings may be one name.
    expect(await open()).toEqual({ caseSensitive: false, normalizationSensitive: false })
    writeFileSync(join(root, 'Café'), 'x')
    expect(await open()).toEqual({ caseSensitive: false, normalizationSensitive: false })
    expect(readdirSync(root)).toEqual(['Café'])
  })

  it('is looked at above a root that is missing; parameters overrule what is found', async () => {
    const missing = join(newRoot(), 'not/yet')
    const storage = await create('fs', { rootDirectory: missing })
    expect(flags(storage)).toEqual({ caseSensitive: false, normalizationSensitive: false })
    expect(existsSync(missing)).toBe(false)
    // Above the root is what a link leads to, not the directory that the link is in.
    const link = join(temporaryFolder(), 'link')
    symlinkSync(newRoot(), link)
    const behind = await create('fs', { rootDirectory: join(link, 'not/yet') })
    expect(flags(behind)).toEqual({ caseSensitive: false, normalizationSensitive: false })
    const told = { caseSensitive: true, normalizationSensitive: true, nameUnit: 'bytes' } as const
    const other = await create('fs', { rootDirectory: missing, ...told })
    expect(flags(other)).toEqual({ caseSensitive: true, normalizationSensitive: true })
  })

  it('what another program has named is found as it is listed, and in other spellings', async () => {
    const root = newRoot()
    writeFileSync(join(root, 'Cafe\u0301'), 'x')
    const storage = await create('fs', { rootDirectory: root })
    expect(await collect(storage.list('/'))).toEqual(['/Cafe\u0301'])
    for (const path of ['/Cafe\u0301', '/Caf\u00e9', '/CAF\u00c9']) {
      expect(String(await storage.getContent(path))).toBe('x')
      expect((await storage.stat(path)).path).toBe(path)
    }
  })

  it('a link that moves to another spelling of itself keeps what it leads to', async () => {
    const root = newRoot()
    const storage = await create('fs', { rootDirectory: root })
    await storage.putContent('/file', 'x')
    symlinkSync('file', join(root, 'link'))
    await storage.move('/link', '/LINK')
    expect(String(await storage.getContent('/link'))).toBe('x')
    expect(await collect(storage.list('/'))).toEqual(['/LINK', '/file'])
  })

  it('staging is nobody’s under another spelling', async () => {
    const storage = await create('fs', { rootDirectory: newRoot() })
    const writer = await storage.writer('/file')
    await writer.write(Buffer.from('x'))
    for (const path of ['/.STOWAGE/uploads', '/.\u017ftowage/uploads']) {
      expect(await failure(storage.delete(path))).toMatchObject({ code: 'INVALID_PATH' })
    }
    await writer.commit()
  })

  it('a probe that a dead process has left goes with a purge', async () => {
    const root = newRoot()
    const storage = await create('fs', { rootDirectory: root })
    const owner = { ...thisProcess(), start: '1' }
    const common = { started: 1_700_000_000_000_000, id: '0123456789abcdef', durable: 0 }
    const name = stagedName({ ...common, state: 'temp', owner })
    mkdirSync(join(root, `.stowage/probes/${name}.Probe-\u00e9/ab`), { recursive: true })
    await storage.purgeUploads('/')
    expect(readdirSync(root)).toEqual([])
  })
})

for (const code of ['EINVAL', 'ENOSYS']) {
  onVolume(
    'folding',
    (newRoot) => {
      it('has no fsync of directories: what is written is there all the same', async () => {
        const storage = await create('fs', { rootDirectory: newRoot() })
        await storage.putContent('/dir/file', 'x')
        expect(String(await storage.getContent('/dir/file'))).toBe('x')
      })
    },
    code,
  )
}

onVolume(
  'folding',
  (newRoot) => {
    it('tells of a flush of a directory that is refused', async () => {
      const storage = await create('fs', { rootDirectory: newRoot() })
      const refused = await failure(storage.putContent('/dir/file', 'x'))
      expect(refused).toMatchObject({ code: 'PERMISSION_DENIED' })
    })
  },
  'EPERM',
)

onVolume(
  'folding',
  (newRoot) => {
    it('fails: so does the call', async () => {
      const storage = await create('fs', { rootDirectory: newRoot() })
      expect(await failure(storage.putContent('/file', 'x'))).toMatchObject({ code: 'DRIVER' })
    })
  },
  'EIO',
)

describe('a plain volume', () => {
  it('tells both, without a change where an entry shows it', async () => {
    const root = temporaryFolder()
    const apart = { caseSensitive: true, normalizationSensitive: true }
    expect(flags(await create('fs', { rootDirectory: root }))).toEqual(apart)
    expect(readdirSync(root)).toEqual([])
    writeFileSync(join(root, 'file'), 'x')
    writeFileSync(join(root, 'FILE'), 'x')
    expect(flags(await create('fs', { rootDirectory: root }))).toEqual(apart)
  })

  it('a root that cannot be made or read is no error before the first call', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    for (const rootDirectory of [file, join(file, 'beneath')]) {
      const storage = await create('fs', { rootDirectory })
      expect(await failure(storage.getContent('/a'))).toMatchObject({ code: 'CONFIG' })
    }
  })
})
