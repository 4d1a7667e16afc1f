import { type Driver, isStorageError, parentOf } from '@stowage/core/driver'
import { change, exists, files, PART_SIZE, turn, uploads } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

type Move = (bare: Driver, source: string, destination: string) => Promise<void>

/** The driver that moves in another way, after which the right move may follow. */
function moves(move: Move): (bare: Driver) => Driver {
  return (bare) => change(bare, { move: (source, destination) => move(bare, source, destination) })
}

/** The driver that moves directories in another way. */
function movesDirectories(move: Move): (bare: Driver) => Driver {
  return moves(async (bare, source, destination) => {
    const info = await bare.stat(source, {})
    await (info.isDir ? move : right)(bare, source, destination)
  })
}

const right: Move = (bare, source, destination) => bare.move(source, destination, {})

async function content(bare: Driver, path: string): Promise<Uint8Array | undefined> {
  return bare.getContent(path, {}).catch(() => undefined)
}

export const moving: readonly Saboteur[] = area('move', [
  {
    id: 'keeps-the-source',
    breaks: 'After a move the source is gone.',
    storage: moves(async (bare, source, destination) => {
      const bytes = await content(bare, source)
      await right(bare, source, destination)
      if (bytes) await bare.putContent(source, bytes, {})
    }),
  },
  {
    id: 'loses-the-source-when-it-fails',
    breaks: 'A move that fails leaves the source.',
    storage: moves((bare, source, destination) =>
      right(bare, source, destination).catch(async (error) => {
        await bare.delete(source, {}).catch(() => {})
        throw error
      }),
    ),
  },
  {
    id: 'loses-the-destination-when-it-fails',
    breaks: 'A move of nothing leaves the destination.',
    storage: moves((bare, source, destination) =>
      right(bare, source, destination).catch(async (error) => {
        await bare.delete(destination, {}).catch(() => {})
        throw error
      }),
    ),
  },
  {
    id: 'appends-to-the-destination',
    breaks: 'move replaces the destination.',
    storage: moves(async (bare, source, destination) => {
      const [old, moved] = [await content(bare, destination), await content(bare, source)]
      await right(bare, source, destination)
      if (old && moved) await bare.putContent(destination, Buffer.concat([old, moved]), {})
    }),
  },
  {
    id: 'refuses-to-replace',
    breaks: 'move replaces the destination and does not fail because there is one.',
    storage: moves(async (bare, source, destination) => {
      await bare.stat(source, {})
      if (await content(bare, destination)) throw new Error('the destination exists')
      await right(bare, source, destination)
    }),
  },
  {
    id: 'cuts-at-the-part-size',
    breaks: 'move works for any size.',
    storage: moves(async (bare, source, destination) => {
      const bytes = await content(bare, source)
      await right(bare, source, destination)
      if (bytes && bytes.length > PART_SIZE) {
        await bare.putContent(destination, bytes.subarray(0, PART_SIZE), {})
      }
    }),
  },
  {
    id: 'loses-empty-files',
    breaks: 'An empty file can be moved.',
    storage: moves(async (bare, source, destination) => {
      const bytes = await content(bare, source)
      await right(bare, source, destination)
      if (bytes?.length === 0) await bare.delete(destination, {})
    }),
  },
  {
    id: 'finds-every-source',
    breaks: 'move of nothing is PathNotFoundError.',
    storage: moves(async (bare, source, destination) => {
      if (await exists(bare, source)) await right(bare, source, destination)
    }),
  },
  {
    id: 'leaves-a-gap',
    breaks: 'The destination is the old file or the new one at any time.',
    storage: moves(async (bare, source, destination) => {
      const [there, moved] = [await content(bare, destination), await content(bare, source)]
      if (there && moved) {
        await bare.delete(destination, {})
        await turn()
        await turn()
      }
      await right(bare, source, destination)
    }),
  },
  {
    id: 'shows-both-names',
    breaks: 'With `atomicMove` no observer sees both names.',
    storage: moves(async (bare, source, destination) => {
      const moved = await content(bare, source)
      if (moved && !(await exists(bare, destination))) {
        await bare.putContent(destination, moved, {})
        for (let i = 0; i < 5; i++) await turn()
      }
      await right(bare, source, destination)
    }),
  },
  {
    id: 'deletes-what-is-moved-onto-itself',
    breaks: 'move onto itself does nothing.',
    finished: (driver) =>
      change(driver, {
        move: (source, destination, options) =>
          source === destination
            ? driver.delete(source, options)
            : driver.move(source, destination, options),
      }),
  },
  {
    id: 'finds-nothing-onto-itself',
    breaks: 'move of nothing onto itself is PathNotFoundError.',
    finished: (driver) =>
      change(driver, {
        async move(source, destination, options) {
          if (source !== destination) await driver.move(source, destination, options)
        },
      }),
  },
  {
    id: 'goes-beneath-itself',
    breaks: 'move of a directory beneath itself is InvalidPathError.',
    finished: (driver, bare) =>
      change(driver, {
        async move(source, destination, options) {
          if (!destination.startsWith(`${source}/`))
            return driver.move(source, destination, options)
          for (const { path } of await files(bare, source)) {
            await bare.move(path, destination + path.slice(source.length), {})
          }
        },
      }),
  },
  {
    id: 'takes-direct-children-only',
    breaks: 'A directory takes all its files along.',
    storage: movesDirectories(async (bare, source, destination) => {
      const all = await files(bare, source)
      await right(bare, source, destination)
      for (const { path } of all.filter((file) => parentOf(file.path) !== source)) {
        await bare.delete(destination + path.slice(source.length), {})
      }
    }),
  },
  {
    id: 'merges-directories',
    breaks: 'A directory replaces the one at the destination.',
    storage: movesDirectories(async (bare, source, destination) => {
      const old = await files(bare, destination)
      const kept = await Promise.all(old.map(({ path }) => bare.getContent(path, {})))
      await right(bare, source, destination)
      for (const [i, { path }] of old.entries()) {
        const bytes = kept[i]
        if (bytes && !(await exists(bare, path))) await bare.putContent(path, bytes, {})
      }
    }),
  },
  {
    id: 'refuses-directories',
    breaks: 'A directory can be moved.',
    storage: movesDirectories(async () => {
      throw new Error('EISDIR: a directory cannot be renamed')
    }),
  },
  {
    id: 'takes-siblings-along',
    breaks: 'move takes no sibling along that shares a prefix.',
    storage: movesDirectories(async (bare, source, destination) => {
      const all = await files(bare, '/')
      await right(bare, source, destination)
      for (const { path } of all) {
        if (!path.startsWith(source) || path.startsWith(`${source}/`)) continue
        if (path !== destination) await bare.move(path, destination + path.slice(source.length), {})
      }
    }),
  },
  {
    id: 'replaces-a-directory-by-a-file',
    breaks: 'A file onto a directory is InvalidPathError and changes nothing.',
    storage: moves(async (bare, source, destination) => {
      const there = await bare.stat(destination, {}).catch(() => undefined)
      if (there?.isDir && (await content(bare, source))) await bare.delete(destination, {})
      await right(bare, source, destination)
    }),
  },
  {
    id: 'replaces-a-file-by-a-directory',
    breaks: 'A directory onto a file is InvalidPathError and changes nothing.',
    storage: movesDirectories(async (bare, source, destination) => {
      if (await content(bare, destination)) await bare.delete(destination, {})
      await right(bare, source, destination)
    }),
  },
  {
    id: 'drops-uploads',
    breaks: 'Unfinished uploads stay where they are when their path is moved.',
    storage: moves(async (bare, source, destination) => {
      const idle = await uploads(bare, source)
      await right(bare, source, destination)
      for (const path of idle) await (await bare.writer(path, { append: true })).cancel()
    }),
  },
  {
    id: 'says-so-in-other-words',
    breaks: 'move of nothing names the source as not found.',
    storage: moves(async (bare, source, destination) => {
      try {
        await right(bare, source, destination)
      } catch (error) {
        if (isStorageError(error, 'PATH_NOT_FOUND')) await bare.getContent(destination, {})
        throw error
      }
    }),
  },
  {
    id: 'moves-the-directory-as-well',
    breaks: 'Where a path is a file and a directory, move moves the file.',
    on: 'keys',
    storage: moves(async (bare, source, destination) => {
      const beneath = await files(bare, source)
      await right(bare, source, destination)
      for (const { path } of beneath) {
        if (await exists(bare, path)) {
          await bare.move(path, destination + path.slice(source.length), {})
        }
      }
    }),
  },
])
