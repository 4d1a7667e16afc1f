import type { Driver, DriverPurgeOptions, UploadInfo } from '@stowage/core/driver'
import { change, changeWriter, items, uploads } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** The driver that purges in another way. */
function purges(
  run: (bare: Driver, path: string, options: DriverPurgeOptions) => Promise<readonly UploadInfo[]>,
): (bare: Driver) => Driver {
  return (bare) =>
    change(bare, {
      async *purgeUploads(path, options) {
        yield* await run(bare, path, options)
      },
    })
}

function right(bare: Driver, path: string, options: DriverPurgeOptions): Promise<UploadInfo[]> {
  return items(bare.purgeUploads?.(path, options))
}

const tomorrow = (): Date => new Date(Date.now() + 24 * 3600 * 1000)

export const purging: readonly Saboteur[] = area('purge', [
  {
    id: 'takes-young-uploads',
    breaks: 'Only uploads begun before `olderThan` are removed.',
    storage: purges((bare, path, options) =>
      right(bare, path, { ...options, olderThan: tomorrow() }),
    ),
  },
  {
    id: 'removes-in-a-dry-run',
    breaks: 'A dry run removes nothing.',
    storage: purges((bare, path, options) => right(bare, path, { ...options, dryRun: false })),
  },
  {
    id: 'removes-nothing',
    breaks: 'purgeUploads removes what it reports.',
    storage: purges((bare, path, options) => right(bare, path, { ...options, dryRun: true })),
  },
  {
    id: 'reports-nothing',
    breaks: 'purgeUploads reports what it removes.',
    storage: purges(async (bare, path, options) => {
      await right(bare, path, options)
      return []
    }),
  },
  {
    id: 'misses-what-is-beneath',
    breaks: 'purgeUploads removes the uploads beneath the path.',
    storage: (bare) =>
      change(bare, {
        async *purgeUploads(path, options) {
          const found = await right(bare, path, { ...options, dryRun: true })
          for (const upload of found) {
            if (upload.path !== path && upload.path.split('/').length > 2) continue
            yield* bare.purgeUploads?.(upload.path, options) ?? []
          }
        },
      }),
  },
  {
    id: 'finds-one-for-each-path',
    breaks: 'Every unfinished upload of a path is reported.',
    storage: purges(async (bare, path, options) => {
      const found = await right(bare, path, options)
      return [...new Map(found.map((upload) => [upload.path, upload])).values()]
    }),
  },
  {
    id: 'takes-uploads-of-siblings',
    breaks: 'purgeUploads leaves uploads of siblings that share a prefix.',
    storage: purges(async (bare, path, options) => {
      const paths = new Set(await uploads(bare, '/'))
      const hit = [...paths].filter((upload) => upload.startsWith(path))
      const all = await Promise.all(hit.map((upload) => right(bare, upload, options)))
      return all.flat()
    }),
  },
  {
    id: 'takes-committed-files',
    breaks: 'purgeUploads touches no committed file.',
    storage: purges(async (bare, path, options) => {
      const found = await right(bare, path, options)
      for (const upload of options.dryRun ? [] : found) {
        const info = await bare.stat(upload.path, {}).catch(() => undefined)
        if (info?.isDir === false) await bare.delete(upload.path, {})
      }
      return found
    }),
  },
  {
    id: 'reports-other-paths',
    breaks: 'purgeUploads reports full paths.',
    storage: purges(async (bare, path, options) =>
      (await right(bare, path, options)).map((upload) => ({
        ...upload,
        path: upload.path.slice(1),
      })),
    ),
  },
  {
    id: 'reports-other-times',
    breaks: 'purgeUploads says when an upload was begun.',
    storage: purges(async (bare, path, options) =>
      (await right(bare, path, options)).map((upload) => ({ ...upload, startedAt: new Date(0) })),
    ),
  },
  {
    id: 'reports-other-sizes',
    breaks: 'Where purgeUploads tells sizes, they are right.',
    storage: purges(async (bare, path, options) =>
      (await right(bare, path, options)).map((upload) => ({ ...upload, size: 1 })),
    ),
  },
  {
    id: 'fails-where-nothing-is',
    breaks: 'purgeUploads of a path without uploads reports none.',
    storage: purges(async (bare, path, options) => {
      const found = await right(bare, path, options)
      if (found.length === 0 && path !== '/') await bare.stat(path, {})
      return found
    }),
  },
  {
    id: 'sees-committed-uploads',
    breaks: 'A committed upload is none any more.',
    storage: (bare) => {
      const committed: UploadInfo[] = []
      const noted = changeWriter(bare, (writer, path) => ({
        async commit() {
          await writer.commit()
          committed.push({ path, startedAt: new Date(), size: writer.size })
        },
      }))
      return change(noted, {
        async *purgeUploads(path, options) {
          yield* bare.purgeUploads?.(path, options) ?? []
          yield* committed.filter((upload) => upload.path.startsWith(path))
        },
      })
    },
  },
])
