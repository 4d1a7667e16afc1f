import { type Driver, PathNotFoundError } from '@stowage/core/driver'
import { beforeChange, change, exists, files } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

export const information: readonly Saboteur[] = area('stat', [
  {
    id: 'takes-a-sibling-for-a-directory',
    breaks: 'A path is no directory because another one begins with it.',
    storage: (bare) =>
      change(bare, {
        stat: (path, options) =>
          bare.stat(path, options).catch(async (error) => {
            const all = await files(bare, '/')
            if (!all.some((file) => file.path.startsWith(path))) throw error
            return { path, size: 0, modTime: new Date(0), isDir: true }
          }),
      }),
  },
  ...(
    [
      ['gives-directories-a-size', 'A directory has size 0.', { size: 4096 }, true],
      ['takes-directories-for-files', 'A directory isDir.', { isDir: false }, true],
      ['takes-files-for-directories', 'A file is no directory.', { isDir: true }, false],
      ['knows-no-sizes', 'stat says the size of a file.', { size: 0 }, false],
      ['gives-no-date', 'modTime is a Date.', { modTime: '2020-01-01' as never }, false],
      ['knows-no-time', 'modTime is the time of the last change.', { modTime: new Date(0) }, false],
    ] as const
  ).map(([id, breaks, wrong, isDir]) => ({
    id,
    breaks,
    storage: (bare: Driver) =>
      change(bare, {
        async stat(path, options) {
          const info = await bare.stat(path, options)
          return info.isDir === isDir ? { ...info, ...wrong } : info
        },
      }),
  })),
  {
    id: 'answers-with-another-path',
    breaks: 'stat names the path that was asked for.',
    storage: (bare) =>
      change(bare, {
        async stat(path, options) {
          return { ...(await bare.stat(path, options)), path: path.slice(1) }
        },
      }),
  },
  {
    id: 'never-changes-the-time',
    breaks: 'modTime is later after a later change.',
    storage: (bare) => {
      const times = new Map<string, Date>()
      return change(bare, {
        async stat(path, options) {
          const info = await bare.stat(path, options)
          const first = times.get(path) ?? info.modTime
          times.set(path, first)
          return { ...info, modTime: first }
        },
      })
    },
  },
  {
    id: 'changes-the-time-when-read',
    breaks: 'Reading changes no modTime.',
    storage: (bare) => {
      const read = new Map<string, Date>()
      const noted = change(
        beforeChange(bare, () => read.clear()),
        {
          async getContent(path, options) {
            const content = await bare.getContent(path, options)
            read.set(path, new Date(Date.now() + 1))
            return content
          },
          async reader(path, options) {
            read.set(path, new Date(Date.now() + 1))
            return bare.reader(path, options)
          },
        },
      )
      return change(noted, {
        async stat(path, options) {
          const info = await bare.stat(path, options)
          return { ...info, modTime: read.get(path) ?? info.modTime }
        },
      })
    },
  },
  {
    id: 'finds-everything',
    breaks: 'stat of nothing is PathNotFoundError.',
    storage: (bare) =>
      change(bare, {
        async stat(path, options) {
          if (await exists(bare, path)) return bare.stat(path, options)
          return { path, size: 0, modTime: new Date(), isDir: false }
        },
      }),
  },
  {
    id: 'has-no-root',
    breaks: '`/` always exists.',
    finished: (driver) =>
      change(driver, {
        async stat(path, options) {
          if (path === '/') throw new PathNotFoundError(path, { driver: driver.name })
          return driver.stat(path, options)
        },
      }),
  },
  {
    id: 'prefers-the-directory',
    breaks: 'stat of a path that is a file and a directory tells of the file.',
    on: 'keys',
    storage: (bare) =>
      change(bare, {
        async stat(path, options) {
          const info = await bare.stat(path, options)
          const beneath = (await files(bare, path)).length > 0
          return beneath ? { path, size: 0, modTime: new Date(0), isDir: true } : info
        },
      }),
  },
])
