import { DriverError, isStorageError } from './errors.ts'

/**
 * What a caller sees of an error that left a driver: the signal's reason where the signal was aborted,
 * a Stowage error with the driver's name and the path on it, or a DriverError around anything else. Errors of wrong
 * use (TypeError with an `ERR_INVALID_ARG` code) stay what they are.
 */
export function wrapError(
  error: unknown,
  driver: string,
  path?: string,
  signal?: AbortSignal | undefined,
): unknown {
  if (signal?.aborted) return signal.reason
  if (isStorageError(error)) return error.addContext(driver, path)
  const native = isNativeError(error) ? error : undefined
  if ((native as NodeJS.ErrnoException | undefined)?.code === 'ERR_INVALID_ARG_TYPE') return error
  const message = native?.message ?? String(error)
  return new DriverError(message === '' ? (native?.name ?? 'unknown error') : message, {
    driver,
    path,
    cause: error,
  })
}

/** An Error of any realm. `node:util` has this too, and takes longer to load than all of core. */
function isNativeError(error: unknown): error is Error {
  return Object.prototype.toString.call(error) === '[object Error]'
}

/** A TypeError as Node.js itself makes them for wrong arguments. */
export function argumentError(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
}
