import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
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

/** What takes long where each call goes through FUSE, and says nothing of the volume. */
const SLOW = new Set(
  suiteCases
    .filter(({ id, area }) => ['scale', 'leaks', 'abort', 'errors'].includes(area) || isLarge(id))
    .map(({ id }) => id),
)

function isLarge(id: string): boolean {
  return /pages|page$|changing|random-trees|twenty-times|skip-large|back-pressure/.test(id)
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
      skip: Object.fromEntries([...SLOW].map((id) => [id, 'too slow through FUSE'])),
    })
  })
}
