import { DriverError, type DriverWriter } from '@stowage/core/driver'
import { change, listOf, streamOf } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

export const closing: readonly Saboteur[] = area('closing', [
  {
    id: 'is-forgotten',
    breaks: 'Every call after close is refused.',
    finished: (driver) =>
      change(driver, { close: async () => {}, [Symbol.asyncDispose]: async () => {} }),
  },
  {
    id: 'does-not-end-lists',
    breaks: 'A list that begins after close is refused.',
    finished: (driver, bare) => {
      const list = async function* (path: string): AsyncGenerator<string> {
        for await (const key of listOf(bare, path, {})) yield key.replace(/\/$/, '')
      }
      let isClosed = false
      const close = (): Promise<void> => {
        isClosed = true
        return driver.close()
      }
      return change(driver, {
        close,
        [Symbol.asyncDispose]: close,
        // Asks when the list is made, not when it begins.
        list: (path, options) => (isClosed ? driver.list(path, options) : list(path)),
      })
    },
  },
  {
    id: 'is-an-error-the-second-time',
    breaks: 'A second close does nothing.',
    finished: (driver) => {
      let isClosed = false
      const close = async (): Promise<void> => {
        if (isClosed) throw new DriverError('already closed', { driver: driver.name })
        isClosed = true
        await driver.close()
      }
      return change(driver, { close, [Symbol.asyncDispose]: close })
    },
  },
  {
    id: 'cuts-streams-off',
    breaks: 'A stream that is open at close gives every byte or fails.',
    instance: (bare) => {
      let isClosed = false
      return change(bare, {
        async reader(path, options) {
          const source = await bare.reader(path, options)
          return streamOf(
            (async function* () {
              for await (const chunk of source) {
                if (isClosed) return
                yield chunk as Uint8Array
              }
            })(),
          )
        },
        async close() {
          isClosed = true
          await bare.close?.()
        },
      })
    },
  },
  {
    id: 'drops-open-uploads',
    breaks: 'An upload that is open at close keeps what its writer closes.',
    instance: (bare) => {
      const open = new Set<DriverWriter>()
      return change(bare, {
        async writer(path, options) {
          const writer = await bare.writer(path, options)
          open.add(writer)
          return writer
        },
        async close() {
          for (const writer of open) await writer.cancel().catch(() => {})
          await bare.close?.()
        },
      })
    },
  },
])
