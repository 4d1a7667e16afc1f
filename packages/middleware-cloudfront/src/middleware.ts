import { DriverError, type RedirectOptions, type StorageDriver } from '@stowage/core/driver'
import { forwardingDriver } from '@stowage/core/middleware'
import { AddressRanges } from './address-ranges.ts'
import { clientAddress } from './client-address.ts'
import { parse, type Settings } from './options.ts'
import { signCannedPolicy } from './sign.ts'

/** Lifetime of a URL in seconds where nobody names one; the Go registry's 20 minutes. */
const SECONDS = 1200

/**
 * Redirects downloads to a CloudFront distribution in front of the driver's bucket, by signed URLs.
 * Clients in Amazon's own networks can be sent to the bucket itself. The driver must know the keys of
 * its bucket (`bucketKey`), directly or through other middleware; where it does not, its own redirect
 * is used, with a warning.
 */
export async function cloudFront(inner: StorageDriver, options: object): Promise<StorageDriver> {
  const settings = await parse(options)
  const ranges = settings.filteredBy === 'none' ? undefined : new AddressRanges(settings)
  await ranges?.start()
  let warned = false
  const close = async (): Promise<void> => {
    ranges?.close()
    await inner.close()
  }
  return forwardingDriver(inner, {
    capabilities: Object.freeze({ ...inner.capabilities, redirectURL: true }),
    close,
    async redirectURL(path: string, request: RedirectOptions = {}) {
      const { method = 'GET', signal } = request
      signal?.throwIfAborted()
      const key = inner.bucketKey?.(path)
      if (key === undefined) {
        if (!warned) settings.warn(`cloudfront: ${inner.name} has no bucket: not used`)
        warned = true
        return inner.redirectURL(path, request)
      }
      if (ranges?.has(clientAddress(request.request))) return inner.redirectURL(path, request)
      if (method !== 'GET' && method !== 'HEAD') return undefined
      return signed(settings, key, request.expiresIn, { driver: inner.name, path })
    },
  })
}

function signed(
  { base, key, keyPairId, duration }: Settings,
  bucketKey: string,
  expiresIn: number | undefined,
  where: { driver: string; path: string },
): string {
  // In a signed resource, `*` stands for any text: a URL of `/a/*` would open all of the directory.
  const url = base + encodeURIComponent(bucketKey).replaceAll('%2F', '/').replaceAll('*', '%2A')
  const seconds = expiresIn ?? duration ?? SECONDS
  const expires = Math.floor(Date.now() / 1000) + seconds
  try {
    return signCannedPolicy(url, { key, keyPairId, expires })
  } catch (error) {
    throw new DriverError(`cloudfront: ${(error as Error).message}`, { ...where, cause: error })
  }
}
