/** The longest time that a request without content may take in all, in milliseconds: five minutes. */
export const MAX_REQUEST_MS = 300_000

/**
 * Runs something that ends with its signal, and ends it after a time, however slowly bytes still arrive.
 * @param ms Milliseconds that it may take in all.
 * @param signal The caller's signal: its reason is passed on.
 * @throws Error with the code `ETIMEDOUT` after that time, else what `run` throws.
 */
export async function within<T>(
  ms: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const control = new AbortController()
  const late = Object.assign(new Error(`ETIMEDOUT: the answer took more than ${ms / 1000} s`), {
    code: 'ETIMEDOUT',
  })
  const timer = setTimeout(() => control.abort(late), ms)
  const onAbort = (): void => control.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await run(control.signal)
  } catch (error) {
    if (control.signal.aborted) throw control.signal.reason
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
