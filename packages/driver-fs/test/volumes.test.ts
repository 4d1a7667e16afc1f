import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { create } from '@stowage/core'
import { registerSuite, suiteCases } from '@stowage/testsuite'
import {
  type MountedVolume,
  mountVolume,
  type VolumeKind,
  whyNoVolume,
} from '@stowage-internal/test-servers'
import { FLAGS, open } from './open.ts'

/** What the driver has to find out. `ntfs-windows` lists names in lower case, which the suite does not expect. */
const VOLUMES = {
  exfat: { caseSensitive: false, normalizationSensitive: true },
  ntfs: { caseSensitive: true, normalizationSensitive: true },
  folding: { caseSensitive: false, normalizationSensitive: false },
} satisfies Partial<Record<VolumeKind, object>>

/** Areas in which the volume's names and renames count. The others take long through FUSE and say nothing of it. */
const AREAS = [
  ...['capabilities', 'paths', 'names', 'content', 'visibility', 'resume', 'sessions', 'uploads'],
  ...['stat', 'list', 'walk', 'kinds', 'move', 'delete'],
]
const LARGE = /pages|page$|changing|random-trees|twenty-times|skip-large/
const SKIPPED: Record<string, string> = {
  'sessions-reader-meanwhile': 'FUSE hides an open file in a step of its own before it is replaced',
}
for (const { id, area } of suiteCases) {
  if (!AREAS.includes(area) || LARGE.test(id)) SKIPPED[id] ??= 'it takes long through FUSE'
}

for (const kind of Object.keys(VOLUMES) as (keyof typeof VOLUMES)[]) {
  const reason = whyNoVolume(kind)
  if (reason !== undefined) {
    console.warn(`skipped: driver-fs on a volume ${kind}, because ${reason}`)
    it.skip(`the suite on a volume ${kind} (${reason})`, () => {})
    continue
  }
  describe(`a volume ${kind}`, () => {
    let volume: MountedVolume
    beforeAll(async () => {
      volume = await mountVolume(kind)
      process.env.STOWAGE_FS_FOLDER = volume.folder
    })
    afterAll(() => volume.unmount())

    registerSuite({
      name: `fs on ${kind}`,
      capabilities: { ...FLAGS, ...VOLUMES[kind] },
      open: (storage) => {
        mkdirSync(join(volume.folder, storage), { recursive: true })
        return open(storage)
      },
      remove: (storage) => rmSync(join(volume.folder, storage), { recursive: true, force: true }),
      partSize: 64 * 1024,
      skip: SKIPPED,
    })

    it('has one place for one file, whatever the spelling and the root', async () => {
      mkdirSync(join(volume.folder, 'place/Dir'), { recursive: true })
      writeFileSync(join(volume.folder, 'place/Dir/file'), 'x')
      const spellings = [
        ['place', '/Dir/file'],
        ['PLACE', '/dir/FILE'],
        ['place/DIR', '/File'],
      ] as const
      const places = await Promise.all(
        spellings.map(async ([root, path]) => {
          await using storage = await create('fs', { rootDirectory: join(volume.folder, root) })
          return (await storage.locate?.(path))?.names[0]
        }),
      )
      expect(new Set(places).size).toBe(VOLUMES[kind].caseSensitive ? 3 : 1)
    })
  })
}
