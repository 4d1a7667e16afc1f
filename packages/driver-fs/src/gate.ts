import { setTimeout as pause } from 'node:timers/promises'
import { Limiter } from '@stowage/core'
import { errno, type FileSystem } from './file-system.ts'

/** Pauses between attempts in milliseconds: about two seconds altogether. */
const PAUSES = [5, 10, 20, 40, 80, 160, 320, 640, 800]

/** No handle left: one is freed as soon as another call or stream is done. */
const NO_HANDLES = ['EMFILE', 'ENFILE']
/** A signal came meanwhile: Node.js itself makes again only some of the calls that are broken off so. */
const INTERRUPTED = 'EINTR'
/** What Windows says while a virus scanner or an indexer has the file open. */
const SCANNED = ['EPERM', 'EBUSY', 'EACCES']
const RENAMING = ['rename', 'unlink', 'rmdir']

type AnyCall = (...args: unknown[]) => Promise<unknown>

/**
 * The file system with at most `maxThreads` calls under way, none of which waits for another while it
 * is counted. Calls that fail for want of a handle or by a signal are made again for two seconds, and on
 * Windows those that fail because somebody else has the file open.
 */
export function gated(
  system: FileSystem,
  maxThreads: number,
  platform: NodeJS.Platform,
): FileSystem {
  const limiter = new Limiter(maxThreads)
  const calls = Object.entries(system).map(([name, call]: [string, AnyCall]) => {
    // After it, a handle is closed all the same.
    if (name === 'close') return [name, closing(limiter, call)]
    const again = [...NO_HANDLES, INTERRUPTED]
    if (platform === 'win32' && RENAMING.includes(name)) again.push(...SCANNED)
    const limited: AnyCall = (...args) => {
      const once = (): Promise<unknown> => limiter.run(() => call(...args))
      return once().catch((error: unknown) => retry(error, again, once))
    }
    return [name, limited]
  })
  return Object.fromEntries(calls) as FileSystem
}

function closing(limiter: Limiter, close: AnyCall): AnyCall {
  return (...args) =>
    limiter
      .run(() => close(...args))
      .catch((error: unknown) => {
        if (errno(error) !== INTERRUPTED) throw error
      })
}

/** A waiting call does not count as one under way. */
async function retry(
  first: unknown,
  again: readonly string[],
  call: () => Promise<unknown>,
): Promise<unknown> {
  let error = first
  for (const milliseconds of PAUSES) {
    if (!again.includes(errno(error) ?? '')) throw error
    await pause(milliseconds)
    try {
      return await call()
    } catch (next) {
      error = next
    }
  }
  throw error
}
