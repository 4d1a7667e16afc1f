import { HeldSessions } from '@stowage/core/driver'
import { type Removal, Trees } from '../../src/index.ts'
import { MemoryBackend, type MemoryOptions } from './memory-backend.ts'

/** Trees on a fake store, with unfinished uploads that are no more than a list. */
export function treesOn(options: MemoryOptions = {}) {
  const backend = new MemoryBackend(options)
  const held = new HeldSessions(`memory ${Math.random()}`)
  const uploads = {
    paths: [] as string[],
    failure: undefined as Error | undefined,
    endHeld: (path: string): Promise<number> => held.removeBeneath(path),
    async removeBeneath(path: string): Promise<Removal> {
      backend.requests.push('uploads')
      if (uploads.failure) throw uploads.failure
      const gone = uploads.paths.filter((one) => one === path || one.startsWith(`${path}/`))
      uploads.paths = uploads.paths.filter((one) => !gone.includes(one))
      return { count: gone.length, errors: [] }
    },
  }
  const trees = new Trees(backend, uploads)
  const from = (operation: string): string[] =>
    backend.requests.filter((request) => request.split(' ')[0] === operation)
  return { backend, held, uploads, trees, from }
}

export const NO_SIGNAL = { signal: undefined }

/** The code of what a call fails with. */
export async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'none'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
