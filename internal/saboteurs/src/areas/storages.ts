import { type Driver, PathNotFoundError } from '@stowage/core/driver'
import { change, files, items } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

export const storages: readonly Saboteur[] = area('storage', [
  {
    id: 'is-one-for-all',
    breaks: 'Storages with other parameters are other storages.',
    names: () => 'the-only-one',
  },
  {
    id: 'is-shared-by-prefix',
    breaks: 'Storages whose names share a prefix are apart.',
    names: (storage) => storage.slice(0, 11),
  },
  {
    id: 'dies-with-the-instance',
    breaks: 'With `persistent`, data outlives the instance.',
    instance: (bare) => change(bare, { close: () => clear(bare) }),
  },
  {
    id: 'forgets-sessions-of-other-instances',
    breaks: 'Any process continues an upload.',
    instance: (bare) => {
      const own = new Set<string>()
      return change(bare, {
        async writer(path, options) {
          if (options.append && !own.has(path)) {
            const info = await bare.stat(path, {}).catch(() => undefined)
            if (info?.isDir !== false) throw new PathNotFoundError(path)
          }
          own.add(path)
          return bare.writer(path, options)
        },
      })
    },
  },
  {
    id: 'caches-in-the-instance',
    breaks: 'After success every later call sees the result, from any instance.',
    instance: (bare) => {
      const cache = new Map<string, Uint8Array>()
      return change(bare, {
        async getContent(path, options) {
          const content = cache.get(path) ?? (await bare.getContent(path, options))
          cache.set(path, content)
          return Buffer.from(content)
        },
        async putContent(path, content, options) {
          cache.delete(path)
          await bare.putContent(path, content, options)
        },
        async writer(path, options) {
          cache.delete(path)
          return bare.writer(path, options)
        },
        async move(source, destination, options) {
          cache.clear()
          await bare.move(source, destination, options)
        },
        async delete(path, options) {
          cache.clear()
          await bare.delete(path, options)
        },
      })
    },
  },
  {
    id: 'is-swept-when-opened',
    breaks: 'Opening an instance removes no upload.',
    instance: (bare) => {
      let swept: Promise<unknown> | undefined
      const sweep = (): Promise<unknown> => {
        const olderThan = new Date(Date.now() + 1000)
        swept ??= items(bare.purgeUploads?.('/', { olderThan, dryRun: false }))
        return swept
      }
      return change(bare, {
        async writer(path, options) {
          await sweep()
          return bare.writer(path, options)
        },
      })
    },
  },
])

async function clear(bare: Driver): Promise<void> {
  for (const file of await files(bare, '/')) await bare.delete(file.path, {})
}
