// Volumes that keep times in steps: a copy there and one back leave nothing to be copied.
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { mountVolume, type VolumeKind, whyNoVolume } from '@stowage-internal/test-servers'
import { Workspace } from './helpers/stowage.ts'

/** The model keeps two seconds, as FAT does, which not every machine can mount. */
const VOLUMES: readonly [VolumeKind, number | undefined][] = [
  ['folding', 2],
  ['exfat', undefined],
]
const TIMES = ['2024-03-01T10:00:01Z', '2024-03-01T10:00:01.999Z', '2024-03-01T10:00:02.5Z']

for (const [kind, timeStep] of VOLUMES) {
  const reason = whyNoVolume(kind)
  if (reason) console.warn(`skipped: times on a volume ${kind}, because ${reason}`)
  const itMounted = reason ? it.skip : it
  itMounted(
    `times on a volume ${kind}: from A to B and back, nothing is copied again`,
    async () => {
      const work = await Workspace.create()
      const volume = await mountVolume(kind, { timeStep })
      try {
        for (const [index, time] of TIMES.entries()) {
          await work.write(`src/${index}`, 'x')
          await utimes(work.path(`src/${index}`), new Date(time), new Date(time))
        }
        const [here, there] = ['./src', `fs://${join(volume.folder, 'root')}`]
        const sync = async (from: string, to: string) =>
          (await work.run(['sync', '--json', from, to])).json.at(-1)
        expect(await sync(here, there)).toMatchObject({ files: 3, failed: 0 })
        for (const ends of [[here, there] as const, [there, here] as const]) {
          expect(await sync(...ends)).toMatchObject({ files: 0, unchanged: 3 })
        }
        const later = new Date('2024-03-01T10:00:07Z')
        await utimes(work.path('src/0'), later, later)
        expect(await sync(here, there)).toMatchObject({ files: 1, unchanged: 2 })
      } finally {
        await volume.unmount()
        await work.remove()
      }
    },
  )
}
