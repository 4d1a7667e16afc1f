import { UnsupportedMethodError } from './errors.ts'
import type { Capabilities } from './storage-driver.ts'
import { argumentError } from './wrap-error.ts'

/**
 * The caller's `modTime` as a date that the caller cannot change any more.
 * @throws TypeError where it is no valid date.
 * @throws UnsupportedMethodError where the driver does not keep times.
 */
export function givenTime(
  path: string,
  modTime: Date | undefined,
  { modTimes }: Capabilities,
): { modTime?: Date } {
  if (modTime === undefined) return {}
  // By its kind: a date of another realm is as good.
  const isDate = Object.prototype.toString.call(modTime) === '[object Date]'
  if (!isDate || Number.isNaN(modTime.getTime())) throw argumentError('modTime is a valid Date')
  if (!modTimes) {
    throw new UnsupportedMethodError({ path, detail: 'this driver does not keep given times' })
  }
  return { modTime: new Date(modTime) }
}
