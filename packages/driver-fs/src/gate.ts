import { setTimeout as pause } from 'node:timers/promises'
import { Limiter } from '@stowage/core/driver'
import { errno, type FileSystem, unless } from './file-system.ts'

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
 * is counted. Calls that fail for want of a handle are made again whenever one is closed here, until none
 * has been for two seconds. Those broken off by a signal are made again, and on Windows those that fail
 * because somebody else has the file open.
 */
export function gated(
  system: FileSystem,
  maxThreads: number,
  platform: NodeJS.Platform,
): FileSystem {
  const limiter = new Limiter(maxThreads)
  const handles = new Handles()
  const calls = Object.entries(system).map(([name, call]: [string, AnyCall]) => {
    const again = [...NO_HANDLES, INTERRUPTED]
    if (platform === 'win32' && RENAMING.includes(name)) again.push(...SCANNED)
    const limited: AnyCall = (...args) => {
      const once = (): Promise<unknown> => limiter.run(() => call(...args))
      return once().catch((error: unknown) => retry(error, again, once, handles))
    }
    const closing: AnyCall = (...args) => {
      const closed = limiter.run(() => call(...args)).finally(() => handles.freed())
      // After it, a handle is closed all the same.
      return unless(closed, INTERRUPTED)
    }
    return [name, name === 'close' ? closing : limited]
  })
  return Object.fromEntries(calls) as FileSystem
}

/** Calls that wait for a handle, the first one first. */
class Handles {
  readonly #waiting = new Set<() => void>()

  freed(): void {
    const [first] = this.#waiting
    first?.()
  }

  /** True where one was closed within that time. */
  wait(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isFree: boolean): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve(isFree)
      }
      const wake = (): void => end(true)
      const timer = setTimeout(end, milliseconds, false)
      this.#waiting.add(wake)
    })
  }
}

/** A waiting call does not count as one under way. */
async function retry(
  first: unknown,
  again: readonly string[],
  call: () => Promise<unknown>,
  handles: Handles,
): Promise<unknown> {
  let error = first
  for (let waits = 0; waits < PAUSES.length; ) {
    const code = errno(error) ?? ''
    if (!again.includes(code)) throw error
    const milliseconds = PAUSES[waits] as number
    const isFree = NO_HANDLES.includes(code) && (await handles.wait(milliseconds))
    if (!NO_HANDLES.includes(code)) await pause(milliseconds)
    // As long as others come to an end, it will be this one's turn.
    waits = isFree ? 0 : waits + 1
    try {
      return await call()
    } catch (next) {
      error = next
    }
  }
  throw error
}
