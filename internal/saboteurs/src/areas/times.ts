import { type Driver, type FileInfo, toStorageDriver } from '@stowage/core/driver'
import { beforeChange, change } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** The driver that forgets the time in some calls. */
function forgetting(bare: Driver, forgets: (append: boolean) => boolean): Driver {
  return change(bare, {
    writer: (path, options) =>
      bare.writer(path, forgets(options.append) ? { ...options, modTime: undefined } : options),
  })
}

export const times: readonly Saboteur[] = area('times', [
  {
    id: 'forgets-it-in-put',
    breaks: 'With `modTimes`, putContent keeps the time that is given.',
    storage: (bare) =>
      change(bare, {
        putContent: (path, content, { signal }) => bare.putContent(path, content, { signal }),
      }),
  },
  {
    id: 'forgets-it-in-writers',
    breaks: 'With `modTimes`, a writer publishes with the time that it was given.',
    storage: (bare) => forgetting(bare, (append) => !append),
  },
  {
    id: 'forgets-it-in-append',
    breaks: 'With `modTimes`, an upload that is continued with the same time publishes with it.',
    storage: (bare) => forgetting(bare, (append) => append),
  },
  {
    id: 'keeps-the-day-only',
    breaks: 'With `modTimes`, a time is at most two seconds off.',
    storage: (bare) => {
      const day = 24 * 3600 * 1000
      return change(bare, {
        async stat(path, options) {
          const info = await bare.stat(path, options)
          const time = info.modTime.getTime()
          const isOld = Date.now() - time > day
          return isOld ? { ...info, modTime: new Date(time - (time % day)) } : info
        },
      })
    },
  },
  {
    id: 'keeps-the-first',
    breaks: 'A file that is replaced without a time has the time of the change.',
    storage: (bare) => {
      const given = new Map<string, Date>()
      return change(bare, {
        putContent(path, content, options) {
          if (options.modTime) given.set(path, options.modTime)
          return bare.putContent(path, content, { modTime: given.get(path), ...options })
        },
      })
    },
  },
  {
    id: 'are-those-of-the-move',
    breaks: 'With `modTimes`, a move keeps the time that a file was given.',
    storage: (bare) =>
      change(bare, {
        async move(source, destination, options) {
          const { isDir } = await bare.stat(source, options)
          if (isDir) return bare.move(source, destination, options)
          await bare.putContent(destination, await bare.getContent(source, options), options)
          await bare.delete(source, options)
        },
      }),
  },
  {
    id: 'are-ignored-where-not-declared',
    breaks: 'A driver that does not declare `modTimes` refuses a time.',
    on: 'bare',
    finished: (driver, bare) =>
      change(driver, {
        async putContent(path, content, { signal } = {}) {
          return driver.putContent(path, content, { signal })
        },
        writer: (path, { append, signal } = {}) =>
          toStorageDriver(bare).writer(path, { append, signal }),
      }),
  },
  {
    id: 'may-be-anything',
    breaks: 'A time that is no valid Date is a TypeError.',
    finished: (driver) =>
      change(driver, {
        putContent(path, content, options) {
          const { modTime } = options ?? {}
          const valid = modTime instanceof Date && !Number.isNaN(modTime.getTime())
          return driver.putContent(path, content, valid ? options : { signal: options?.signal })
        },
      }),
  },
  {
    id: 'are-handed-out',
    breaks: 'What a caller does to the information it got changes nothing for others.',
    storage: (bare) => {
      const known = new Map<string, FileInfo>()
      return change(
        beforeChange(bare, () => known.clear()),
        {
          async stat(path, options) {
            const info = known.get(path) ?? (await bare.stat(path, options))
            known.set(path, info)
            return info
          },
        },
      )
    },
  },
])
