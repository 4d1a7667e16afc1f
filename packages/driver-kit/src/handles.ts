import { setTimeout as wait } from 'node:timers/promises'

const SHORTEST_WAIT_MS = 10
const LONGEST_WAIT_MS = 500

/** Whether the process, or the system, has no file handle left for a socket. */
function isOutOfHandles(error: unknown): boolean {
  return /^E[MN]FILE$/.test(String((error as NodeJS.ErrnoException | undefined)?.code))
}

/**
 * Runs something again while the process has no file handle left for its socket: other requests give theirs back.
 * @param ms Milliseconds after which the failure is the caller's.
 * @param signal Ends the wait, with the error of an aborted timer.
 * @throws what `run` throws.
 */
export async function withHandle<T>(
  run: () => Promise<T>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const end = performance.now() + ms
  for (let pause = SHORTEST_WAIT_MS; ; pause = Math.min(2 * pause, LONGEST_WAIT_MS)) {
    try {
      return await run()
    } catch (error) {
      if (!isOutOfHandles(error) || performance.now() > end) throw error
      await wait(pause * (0.5 + Math.random()), undefined, signal ? { signal } : {})
    }
  }
}
