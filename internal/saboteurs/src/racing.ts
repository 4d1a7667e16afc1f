// Broken only where calls meet: what one at a time does is right. For the history suite.
import { compareKeys, type Driver, type DriverWriter, isStorageError } from '@stowage/core/driver'
import { change, changeWriter, listOf, turn } from './delegate.ts'
import type { Saboteur } from './saboteur.ts'

/** Gives others a few turns. */
async function pause(): Promise<void> {
  for (let i = 0; i < 3; i++) await turn()
}

const content = (bare: Driver, path: string): Promise<Uint8Array | undefined> =>
  bare.getContent(path, {}).catch((error: unknown) => {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return undefined
    throw error
  })

type Racing = Omit<Saboteur, 'area'>

export const racing: readonly Racing[] = [
  {
    id: 'torn-write',
    breaks: 'The new content replaces the old in one step.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, bytes, options) {
          const old = await content(bare, path)
          const half = Math.floor(bytes.length / 2)
          if (old && old.length > half) {
            await bare.putContent(
              path,
              Buffer.concat([bytes.subarray(0, half), old.subarray(half)]),
              {},
            )
            await pause()
          }
          await bare.putContent(path, bytes, options)
        },
      }),
  },
  {
    id: 'delete-then-put',
    breaks: 'A replaced file is there at every instant.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, bytes, options) {
          await bare.delete(path, {}).catch(() => {})
          await pause()
          await bare.putContent(path, bytes, options)
        },
      }),
  },
  {
    id: 'stale-cache',
    breaks: 'After success every later call sees the result, from any instance.',
    instance: (bare) => {
      const cache = new Map<string, Uint8Array>()
      return change(bare, {
        async getContent(path, options) {
          const known = cache.get(path)
          // It looks whether the file is there, but not whether it is the same.
          if (known) await bare.stat(path, options)
          const bytes = known ?? (await bare.getContent(path, options))
          cache.set(path, bytes)
          return Buffer.from(bytes)
        },
        putContent(path, bytes, options) {
          cache.delete(path)
          return bare.putContent(path, bytes, options)
        },
      })
    },
  },
  {
    id: 'lost-update',
    breaks: 'A write that has succeeded is there.',
    storage: (bare) => {
      const busy = new Set<string>()
      return change(bare, {
        async putContent(path, bytes, options) {
          // Who comes second is told of success, and dropped.
          if (busy.has(path)) return
          busy.add(path)
          await pause()
          await bare.putContent(path, bytes, options).finally(() => busy.delete(path))
        },
      })
    },
  },
  {
    id: 'late-write',
    breaks: 'When a write has succeeded, it is visible.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, bytes, options) {
          const copy = Buffer.from(bytes)
          void pause().then(() => bare.putContent(path, copy, options).catch(() => {}))
        },
      }),
  },
  {
    id: 'visible-before-commit',
    breaks: 'Nothing is visible before commit.',
    storage: (bare) => changeWriter(bare, (writer, path) => early(bare, writer, path)),
  },
  {
    id: 'move-drops-source-first',
    breaks: 'The source goes only once the destination is whole.',
    storage: (bare) =>
      change(bare, {
        async move(source, destination, options) {
          const bytes = await content(bare, source)
          if (bytes === undefined) return bare.move(source, destination, options)
          await bare.delete(source, {})
          await pause()
          await bare.putContent(destination, bytes, options)
        },
      }),
  },
  {
    id: 'move-shows-both',
    breaks: 'A move is one step where that is declared.',
    storage: (bare) =>
      change(bare, {
        async move(source, destination, options) {
          const bytes = await content(bare, source)
          if (bytes === undefined) return bare.move(source, destination, options)
          await bare.putContent(destination, bytes, options)
          await pause()
          await bare.delete(source, {}).catch(() => {})
        },
      }),
  },
  {
    id: 'list-forgets-what-is-being-replaced',
    breaks: 'A list names every file that is there all the time.',
    storage: (bare) => {
      const busy = new Map<string, number>()
      return change(bare, {
        async putContent(path, bytes, options) {
          busy.set(path, (busy.get(path) ?? 0) + 1)
          await pause()
          await bare.putContent(path, bytes, options)
          busy.set(path, (busy.get(path) ?? 1) - 1)
        },
        async *list(path, options) {
          const keys: string[] = []
          for await (const key of listOf(bare, path, options)) keys.push(key)
          yield* keys.filter((key) => !busy.get(key)).sort(compareKeys)
        },
      })
    },
  },
  {
    id: 'delete-of-a-directory-forgets-one',
    breaks: 'A delete removes all that is beneath the path.',
    storage: (bare) =>
      change(bare, {
        async delete(path, options) {
          const keys: string[] = []
          for await (const key of listOf(bare, path, options)) keys.push(key)
          const last = keys.length > 1 ? keys.at(-1) : undefined
          const kept = last === undefined ? undefined : await content(bare, last)
          await bare.delete(path, options)
          if (last && kept) await bare.putContent(last, kept, {})
        },
      }),
  },
]

function early(bare: Driver, writer: DriverWriter, path: string): Partial<DriverWriter> {
  const chunks: Buffer[] = []
  return {
    async write(chunk) {
      chunks.push(Buffer.from(chunk))
      await writer.write(chunk)
    },
    async close() {
      await bare.putContent(path, Buffer.concat(chunks), {}).catch(() => {})
      await writer.close()
    },
  }
}
