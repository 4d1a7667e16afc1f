import {
  type FileWriter,
  isStorageError,
  type StorageDriver,
  WriterStateError,
} from '@stowage/core/driver'
import { change } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

type Call = 'write' | 'close' | 'cancel' | 'commit'
type Ended = 'closed' | 'committed' | 'cancelled'

const AFTER: Partial<Record<Call, Ended>> = {
  close: 'closed',
  commit: 'committed',
  cancel: 'cancelled',
}

interface Broken {
  readonly driver: StorageDriver
  readonly path: string
  readonly writer: FileWriter
}

/** The driver with another answer to one call after one end. */
function after(
  end: Ended,
  call: Call,
  answer: (broken: Broken) => Promise<void>,
): (driver: StorageDriver) => StorageDriver {
  return (driver) =>
    change(driver, {
      async writer(path, options) {
        const writer = await driver.writer(path, options)
        let ended: Ended | undefined
        const run = async (name: Call, chunk?: Uint8Array): Promise<number> => {
          if (ended === end && name === call) {
            await answer({ driver, path, writer })
            return chunk?.length ?? 0
          }
          const written =
            name === 'write' ? await writer.write(chunk as Uint8Array) : await writer[name]()
          ended ??= AFTER[name]
          return written ?? 0
        }
        return change(writer, {
          write: (chunk) => run('write', chunk),
          close: async () => void (await run('close')),
          cancel: async () => void (await run('cancel')),
          commit: async () => void (await run('commit')),
        })
      },
    })
}

async function agrees(): Promise<void> {}

async function refuses({ driver, path }: Broken): Promise<void> {
  throw new WriterStateError('already over', path, { driver: driver.name })
}

async function resumeAnd(end: 'commit' | 'cancel', { driver, path }: Broken): Promise<void> {
  await (await driver.writer(path, { append: true }))[end]()
}

export const states: readonly Saboteur[] = area('states', [
  {
    id: 'write-after-close',
    breaks: 'write after close is WriterStateError.',
    finished: after('closed', 'write', agrees),
  },
  {
    id: 'write-after-commit',
    breaks: 'write after commit is WriterStateError.',
    finished: after('committed', 'write', agrees),
  },
  {
    id: 'write-after-cancel',
    breaks: 'write after cancel is WriterStateError.',
    finished: after('cancelled', 'write', agrees),
  },
  {
    id: 'commit-after-close',
    breaks: 'commit after close is WriterStateError and publishes nothing.',
    finished: after('closed', 'commit', (broken) => resumeAnd('commit', broken)),
  },
  {
    id: 'commit-after-commit',
    breaks: 'commit after commit is WriterStateError.',
    finished: after('committed', 'commit', agrees),
  },
  {
    id: 'commit-after-cancel',
    breaks: 'commit after cancel is WriterStateError and publishes nothing.',
    finished: after('cancelled', 'commit', async ({ driver, path }) => driver.putContent(path, '')),
  },
  {
    id: 'cancel-after-close',
    breaks: 'cancel after close is WriterStateError and deletes nothing.',
    finished: after('closed', 'cancel', (broken) => resumeAnd('cancel', broken)),
  },
  {
    id: 'cancel-after-commit-deletes',
    breaks: 'cancel after commit deletes nothing.',
    finished: after('committed', 'cancel', ({ driver, path }) => driver.delete(path)),
  },
  {
    id: 'cancel-after-commit',
    breaks: 'cancel after commit is WriterStateError.',
    finished: after('committed', 'cancel', agrees),
  },
  {
    id: 'cancel-twice',
    breaks: 'cancel after cancel does nothing.',
    finished: after('cancelled', 'cancel', refuses),
  },
  {
    id: 'close-twice',
    breaks: 'close after close does nothing.',
    finished: after('closed', 'close', refuses),
  },
  {
    id: 'close-after-commit',
    breaks: 'close after commit does nothing.',
    finished: after('committed', 'close', refuses),
  },
  {
    id: 'close-after-cancel',
    breaks: 'close after cancel does nothing.',
    finished: after('cancelled', 'close', refuses),
  },
  {
    id: 'scope-commits',
    breaks: 'Leaving an `await using` scope closes the writer.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          const writer = await driver.writer(path, options)
          const commit = (): Promise<void> =>
            writer.commit().catch((error) => {
              if (!isStorageError(error, 'WRITER_STATE')) throw error
            })
          return change(writer, { [Symbol.asyncDispose]: commit })
        },
      }),
  },
  {
    id: 'scope-cancels',
    breaks: 'What was written before the end of an `await using` scope can be continued.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          const writer = await driver.writer(path, options)
          const cancel = (): Promise<void> => writer.cancel().catch(() => {})
          return change(writer, { [Symbol.asyncDispose]: cancel })
        },
      }),
  },
  {
    id: 'scope-fails-after-the-end',
    breaks: 'Leaving an `await using` scope after commit or cancel does nothing.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          const writer = await driver.writer(path, options)
          return change(writer, {
            async [Symbol.asyncDispose]() {
              await writer.write(Buffer.from('x')).then(() => writer.close())
            },
          })
        },
      }),
  },
])
