import { isStorageError, UnavailableError } from '@stowage/core/driver'

/**
 * How long a session belongs to a writer of another machine that was last heard of. Within that time
 * its writer renews it while it sends.
 */
export const LEASE_MS = 60_000
/** How long a lease stays as it is while its writer sends. */
export const RENEW_MS: number = LEASE_MS / 3
/** How often a sending writer looks at its lease. */
const LOOK_MS = 5_000
/** So long before its end a lease counts as over: clocks and answers need time. */
const MARGIN_MS = 5_000

/** Proof that a session is this writer's, for a limited time. */
export interface Lease {
  readonly path: string
  /** When it was last renewed, by this process's clock. */
  readonly renewed: number
  /** @throws UploadNotFoundError where it is another one's by now. */
  renew(signal: AbortSignal | undefined): Promise<void>
}

/**
 * Runs while the lease lasts: it is renewed before, when that is due, and meanwhile. A renewal that fails
 * is tried again as long as the lease lasts; one that is refused, and the lease's end, abort the run.
 */
export async function whileLeased<T>(
  lease: Lease,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (Date.now() - lease.renewed > RENEW_MS) await lease.renew(signal)
  const stop = new AbortController()
  let renewing: Promise<void> | undefined
  const look = (): void => {
    const age = Date.now() - lease.renewed
    const left = LEASE_MS - MARGIN_MS - age
    if (left <= 0) stop.abort(ended(lease))
    if (left <= 0 || age < RENEW_MS || renewing) return
    renewing = lease
      .renew(AbortSignal.timeout(left))
      .catch((error: unknown) => {
        if (isStorageError(error, 'UPLOAD_NOT_FOUND')) stop.abort(error)
      })
      .finally(() => {
        renewing = undefined
      })
  }
  const timer = setInterval(look, LOOK_MS).unref()
  try {
    return await run(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal)
  } finally {
    clearInterval(timer)
    // What it stored is needed for what comes next.
    await renewing
  }
}

function ended({ path }: Lease): UnavailableError {
  const text = 'the upload could not be kept in the name of its writer, who may not go on'
  return new UnavailableError(text, { path })
}
