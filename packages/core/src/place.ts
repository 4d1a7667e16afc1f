import type { StoragePlace } from './storage-driver.ts'

/**
 * The place of a key in a bucket, for {@link Driver.locate} of an object store. Schemes, user names and
 * queries of the endpoint make no difference: a key is in one place for all users.
 *
 * @param service names the kind of store, and the place where no endpoint is given.
 * @param key of a file, or of a directory with or without its final slash.
 */
export function placeInBucket(
  service: string,
  endpoint: string | undefined,
  bucket: string,
  key: string,
): StoragePlace {
  const bucketName = `${service}:${hostOf(endpoint) ?? ''}/${bucket}`
  const names = [bucketName]
  let at = bucketName
  for (const component of key.split('/')) {
    if (component === '') continue
    at += `/${component}`
    names.unshift(at)
  }
  return { rootExists: true, names, isObjectStore: true }
}

/** Host, port and base path. */
function hostOf(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined || !URL.canParse(endpoint)) return endpoint
  const { hostname, port, pathname } = new URL(endpoint)
  const host = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname) ? 'localhost' : hostname
  return `${host.replace(/\.$/, '')}:${port}${pathname.replace(/(?<!\/)\/+$/, '')}`
}
