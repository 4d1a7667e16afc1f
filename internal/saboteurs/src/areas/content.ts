import { type Driver, RevisionChangedError } from '@stowage/core/driver'
import { beforeChange, change, PART_SIZE, turn } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** The driver whose putContent stores something else. */
function stores(make: (content: Buffer) => Buffer): (bare: Driver) => Driver {
  return (bare) =>
    change(bare, {
      putContent: (path, content, options) =>
        bare.putContent(path, make(Buffer.from(content)), options),
    })
}

function oldContent(bare: Driver, path: string): Promise<Uint8Array> {
  return bare.getContent(path, {}).catch(() => Buffer.alloc(0))
}

/** Contents by path that are served instead of the stored ones, until anything changes. */
function serving(
  note: (kept: Map<string, Uint8Array>, bare: Driver) => Partial<Driver>,
): (bare: Driver) => Driver {
  return (bare) => {
    const kept = new Map<string, Uint8Array>()
    return change(
      beforeChange(bare, () => kept.clear()),
      note(kept, bare),
    )
  }
}

export const content: readonly Saboteur[] = area('content', [
  {
    id: 'keeps-the-callers-buffer',
    breaks: 'The content may change once the promise is settled.',
    storage: serving((kept, bare) => ({
      async putContent(path, content, options) {
        await bare.putContent(path, content, options)
        kept.clear()
        kept.set(path, content)
      },
      async getContent(path, options) {
        return Buffer.from(kept.get(path) ?? (await bare.getContent(path, options)))
      },
    })),
  },
  {
    id: 'hands-out-its-own-buffer',
    breaks: 'What a caller does to the bytes it got does not change the file.',
    storage: serving((kept, bare) => ({
      async getContent(path, options) {
        const content = kept.get(path) ?? (await bare.getContent(path, options))
        kept.set(path, content)
        return content
      },
    })),
  },
  {
    id: 'converts-line-ends',
    breaks: 'Bytes are stored as they are.',
    storage: stores((bytes) =>
      Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
    ),
  },
  {
    id: 'is-taken-for-text',
    breaks: 'Bytes that are no UTF-8 are stored as they are.',
    storage: stores((bytes) => Buffer.from(bytes.toString())),
  },
  {
    id: 'string-as-latin1',
    breaks: 'A string is stored as UTF-8.',
    finished: (driver) =>
      change(driver, {
        putContent: (path, content, options) =>
          driver.putContent(
            path,
            typeof content === 'string' ? Buffer.from(content, 'latin1') : content,
            options,
          ),
      }),
  },
  {
    id: 'leaves-the-end-of-longer-content',
    breaks: 'putContent replaces the whole file.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, content, options) {
          const old = await oldContent(bare, path)
          const rest = old.subarray(content.length)
          await bare.putContent(path, Buffer.concat([content, rest]), options)
        },
      }),
  },
  {
    id: 'is-appended',
    breaks: 'putContent replaces the file and does not append to it.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, content, options) {
          const old = await oldContent(bare, path)
          await bare.putContent(path, Buffer.concat([old, content]), options)
        },
      }),
  },
  {
    id: 'keeps-the-first',
    breaks: 'putContent replaces what was there.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, content, options) {
          const there = await bare.stat(path, {}).catch(() => undefined)
          if (there?.isDir !== false) await bare.putContent(path, content, options)
        },
      }),
  },
  {
    id: 'refuses-emptiness',
    breaks: 'A file may be empty.',
    storage: stores((bytes) => {
      if (bytes.length === 0) throw new Error('the body is empty')
      return bytes
    }),
  },
  {
    id: 'is-cut-at-the-part-size',
    breaks: 'Content may be larger than a part.',
    storage: stores((bytes) => bytes.subarray(0, PART_SIZE)),
  },
  {
    id: 'is-read-up-to-64-kib',
    breaks: 'getContent gives the whole file.',
    storage: (bare) =>
      change(bare, {
        getContent: async (path, options) =>
          (await bare.getContent(path, options)).subarray(0, 64 * 1024),
      }),
  },
  {
    id: 'mixes-concurrent-puts',
    breaks: 'Of two putContent at once one wins whole.',
    storage: (bare) => {
      const staging = new Map<string, Uint8Array>()
      return change(bare, {
        async putContent(path, content, options) {
          const first = staging.get(path) ?? Buffer.from(content)
          staging.set(path, first)
          await turn()
          staging.delete(path)
          const half = content.length >> 1
          const rest = first.subarray(half)
          await bare.putContent(path, Buffer.concat([content.subarray(0, half), rest]), options)
        },
      })
    },
  },
  {
    id: 'is-empty-at-first',
    breaks: 'putContent replaces the old content by the new in one step.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, content, options) {
          await bare.putContent(path, Buffer.alloc(0), options)
          for (let i = 0; i < 5; i++) await turn()
          await bare.putContent(path, content, options)
        },
      }),
  },
  {
    id: 'is-stored-later',
    breaks: 'After putContent every later call sees the result.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, content, options) {
          const copy = Buffer.from(content)
          setTimeout(() => void bare.putContent(path, copy, options).catch(() => {}), 3)
        },
      }),
  },
  {
    id: 'is-shared-by-size',
    breaks: 'Each path has its own content.',
    storage: (bare) => {
      const bySize = new Map<number, Uint8Array>()
      return change(bare, {
        async putContent(path, content, options) {
          await bare.putContent(path, content, options)
          bySize.set(content.length, Buffer.from(content))
        },
        async getContent(path, options) {
          const content = await bare.getContent(path, options)
          return Buffer.from(bySize.get(content.length) ?? content)
        },
      })
    },
  },
  {
    id: 'gives-up-when-replaced',
    breaks: 'getContent survives a replacement meanwhile.',
    finished: (driver, bare) =>
      change(driver, {
        async getContent(path, options) {
          const content = await driver.getContent(path, options)
          for (let i = 0; i < 3; i++) await turn()
          const now = await bare.getContent(path, {}).catch(() => content)
          if (Buffer.compare(now, content) === 0) return content
          throw new RevisionChangedError('replaced', { path, driver: driver.name })
        },
      }),
  },
  {
    id: 'is-of-two-revisions',
    breaks: 'getContent gives one whole revision.',
    storage: (bare) =>
      change(bare, {
        async getContent(path, options) {
          const first = await bare.getContent(path, options)
          for (let i = 0; i < 3; i++) await turn()
          const then = await bare.getContent(path, options)
          const half = first.length >> 1
          return Buffer.concat([first.subarray(0, half), then.subarray(half)])
        },
      }),
  },
])
