import type { StorageDriver } from '../storage-driver.ts'

/**
 * A driver that passes every call on to another one, but for the members given: the whole of a
 * middleware that changes one method. `await using` closes through the new driver's own `close`.
 *
 * A middleware that changes paths changes those of `locate` and `bucketKey` as well.
 *
 * The members are taken as they are, without checks: one that does not call the inner driver checks its
 * path (`checkPath` of `@stowage/core/driver`) and its signal itself.
 *
 * @example
 * ```ts
 * registerMiddleware('readonly', (inner) =>
 *   forwardingDriver(inner, {
 *     async delete(path) {
 *       throw new UnsupportedMethodError({ path, driver: inner.name })
 *     },
 *   }),
 * )
 * ```
 */
export function forwardingDriver(
  inner: StorageDriver,
  overrides: Partial<StorageDriver>,
): StorageDriver {
  const driver: StorageDriver = {
    name: inner.name,
    capabilities: inner.capabilities,
    getContent: (...args) => inner.getContent(...args),
    putContent: (...args) => inner.putContent(...args),
    reader: (...args) => inner.reader(...args),
    writer: (...args) => inner.writer(...args),
    stat: (...args) => inner.stat(...args),
    list: (...args) => inner.list(...args),
    walk: (...args) => inner.walk(...args),
    move: (...args) => inner.move(...args),
    delete: (...args) => inner.delete(...args),
    redirectURL: (...args) => inner.redirectURL(...args),
    purgeUploads: (...args) => inner.purgeUploads(...args),
    bucketKey: (...args) => inner.bucketKey?.(...args),
    locate: (...args) => inner.locate?.(...args) ?? Promise.resolve(undefined),
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => driver.close(),
    ...overrides,
  }
  return driver
}
