import { type Driver, isStorageError, PathNotFoundError, parentOf } from '@stowage/core/driver'
import { change, changeWriter, exists, files, PAGE_SIZE, uploads } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** The driver that deletes in another way. */
function deletes(
  run: (bare: Driver, path: string, remove: (path: string) => Promise<void>) => Promise<void>,
): (bare: Driver) => Driver {
  return (bare) => {
    const remove = (path: string): Promise<void> => bare.delete(path, {})
    return change(bare, { delete: (path) => run(bare, path, remove) })
  }
}

/** Deletes and puts back what the function picks. */
function keeping(pick: (beneath: string[], path: string) => string[]) {
  return deletes(async (bare, path, remove) => {
    const beneath = (await files(bare, path)).map((file) => file.path)
    const kept = await Promise.all(
      pick(beneath, path).map(async (one) => [one, await bare.getContent(one, {})] as const),
    )
    await remove(path)
    for (const [one, bytes] of kept) await bare.putContent(one, bytes, {})
  })
}

export const deleting: readonly Saboteur[] = area('delete', [
  {
    id: 'takes-siblings-along',
    breaks: 'delete removes no sibling that shares a prefix.',
    storage: deletes(async (bare, path, remove) => {
      await remove(path)
      for (const file of await files(bare, '/'))
        if (file.path.startsWith(path)) await remove(file.path)
    }),
  },
  {
    id: 'leaves-all-but-the-first-page',
    breaks: 'delete removes everything beneath, however much there is.',
    storage: keeping((beneath) => beneath.slice(PAGE_SIZE)),
  },
  {
    id: 'leaves-what-is-nested',
    breaks: 'delete removes what is beneath at any depth.',
    storage: keeping((beneath, path) => beneath.filter((one) => parentOf(one) !== path)),
  },
  {
    id: 'finds-everything',
    breaks: 'delete of nothing is PathNotFoundError.',
    storage: deletes((_, path, remove) =>
      remove(path).catch((error) => {
        if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
      }),
    ),
  },
  {
    id: 'finds-no-directories',
    breaks: 'A directory can be deleted.',
    storage: deletes(async (bare, path, remove) => {
      const info = await bare.stat(path, {}).catch(() => undefined)
      if (info?.isDir) throw new PathNotFoundError(path)
      await remove(path)
    }),
  },
  {
    id: 'is-done-later',
    breaks: 'After delete every later call sees nothing.',
    storage: deletes(async (bare, path, remove) => {
      if (!(await exists(bare, path))) return remove(path)
      setTimeout(() => void remove(path).catch(() => {}), 3)
    }),
  },
  {
    id: 'leaves-uploads',
    breaks: 'delete removes the unfinished uploads of the path and beneath it.',
    storage: deletes(async (bare, path, remove) => {
      const begun = new Map<string, Buffer>()
      for (const upload of await uploads(bare, path)) begun.set(upload, Buffer.alloc(0))
      await remove(path)
      for (const upload of begun.keys()) {
        await (await bare.writer(upload, { append: false })).close()
      }
    }),
  },
  {
    id: 'finds-no-uploads',
    breaks: 'Where only unfinished uploads are, delete removes them and succeeds.',
    storage: deletes(async (bare, path, remove) => {
      if (!(await exists(bare, path))) throw new PathNotFoundError(path)
      await remove(path)
    }),
  },
  {
    id: 'takes-uploads-of-siblings',
    breaks: 'delete leaves the uploads of siblings that share a prefix.',
    storage: deletes(async (bare, path, remove) => {
      await remove(path)
      for (const upload of await uploads(bare, '/')) {
        if (upload.startsWith(path)) await (await bare.writer(upload, { append: true })).cancel()
      }
    }),
  },
  {
    id: 'lets-writers-go-on',
    breaks: 'The writer of an upload that a delete removed fails with UploadNotFoundError.',
    storage: (bare) =>
      changeWriter(bare, (writer, path) => {
        const chunks: Buffer[] = []
        const orIgnored = (run: () => Promise<void>) => async () => {
          await run().catch((error) => {
            if (!isStorageError(error, 'UPLOAD_NOT_FOUND')) throw error
          })
        }
        return {
          async write(chunk) {
            chunks.push(Buffer.from(chunk))
            await orIgnored(() => writer.write(chunk))()
          },
          async commit() {
            await writer.commit().catch(async (error) => {
              if (!isStorageError(error, 'UPLOAD_NOT_FOUND')) throw error
              await bare.putContent(path, Buffer.concat(chunks), {})
            })
          },
        }
      }),
  },
  {
    id: 'takes-the-parent-along',
    breaks: 'delete leaves what is beside the path.',
    storage: deletes(async (_, path, remove) => {
      await remove(path)
      if (parentOf(path) !== '/') await remove(parentOf(path)).catch(() => {})
    }),
  },
  {
    id: 'takes-the-root',
    breaks: 'The root cannot be deleted.',
    finished: (driver, bare) =>
      change(driver, {
        async delete(path, options) {
          if (path !== '/') return driver.delete(path, options)
          for (const file of await files(bare, '/')) await bare.delete(file.path, {})
        },
      }),
  },
  {
    id: 'leaves-the-directory-of-a-file',
    breaks: 'Where a path is a file and a directory, delete removes both.',
    on: 'keys',
    storage: deletes(async (bare, path, remove) => {
      const info = await bare.stat(path, {}).catch(() => undefined)
      if (info?.isDir !== false) return remove(path)
      const beneath = await files(bare, path)
      const kept = await Promise.all(beneath.map((file) => bare.getContent(file.path, {})))
      await remove(path)
      for (const [i, file] of beneath.entries()) {
        await bare.putContent(file.path, kept[i] ?? Buffer.alloc(0), {})
      }
    }),
  },
])
