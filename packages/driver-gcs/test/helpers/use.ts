// All that a driver does, once. Run as a program, with the driver that the parameters in the environment open:
// it prints the URL of a file that stays.
import { deepEqual, equal } from 'node:assert/strict'
import { pathToFileURL } from 'node:url'
import { create, type StorageDriver } from '@stowage/core'
import '@stowage/driver-gcs'
import type { GcsParameters } from '@stowage/driver-gcs'
import { collect, data } from './data.ts'

const CHUNK = 256 * 1024
/** Where the program finds the parameters. */
export const PROGRAM_PARAMETERS = 'STOWAGE_GCS_TEST_PARAMETERS'

export async function use(driver: StorageDriver): Promise<void> {
  const content = data(3 * CHUNK)
  const writer = await driver.writer('/dir/file')
  await writer.write(content.subarray(0, CHUNK + 100))
  await writer.close()
  const next = await driver.writer('/dir/file', { append: true })
  await next.write(content.subarray(next.size))
  await next.commit()
  await driver.move('/dir', '/to')
  equal(Buffer.compare(await driver.getContent('/to/file'), content), 0)
  deepEqual(await collect(driver.list('/')), ['/to'])
  await driver.delete('/to')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const parameters = JSON.parse(process.env[PROGRAM_PARAMETERS] ?? '{}') as GcsParameters
  const driver = await create('gcs', {
    chunkSize: CHUNK,
    retryDelay: 1,
    maxRetries: 1,
    ...parameters,
  })
  await use(driver)
  await driver.putContent('/kept', 'a file')
  console.log((await driver.redirectURL('/kept')) ?? '')
  await driver.close()
}
