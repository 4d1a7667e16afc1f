/**
 * The promise, or the signal's reason as soon as it is aborted. What the promise brings too late goes
 * to `late`, so that no stream leaks; its late error is dropped, and so is one
 * of `late`.
 */
export function raceSignal<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  late?: (value: T) => unknown,
): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason)
      promise.then(late).catch(() => {})
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    // The listener goes in the same step as the value: what was handed out is never late too.
    const settle =
      <V>(then: (value: V) => void) =>
      (value: V): void => {
        signal.removeEventListener('abort', onAbort)
        then(value)
      }
    promise.then(settle(resolve), settle(reject))
  })
}

/** What a stream is destroyed with: a stream takes null and the like for "no error". */
export function abortError(signal: AbortSignal): Error {
  const { reason } = signal
  if (typeof reason === 'object' && reason !== null) return reason as Error
  return Object.assign(new Error('The operation was aborted', { cause: reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  })
}
