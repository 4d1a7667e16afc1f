import { expect, test } from '@jest/globals'
import { MAX_BATCH } from '../src/limits.ts'
import { blobNames, newStorage, open } from './helpers/storages.ts'

test('delete removes more files than one batch request takes, and no sibling', async () => {
  const storage = newStorage()
  const driver = await open(storage)
  const paths = Array.from({ length: MAX_BATCH + 5 }, (_, i) => `/d/${i}`)
  await Promise.all(['/d-', ...paths].map((path) => driver.putContent(path, 'x')))
  expect(await blobNames(`${storage}/d/`)).toHaveLength(paths.length)
  await driver.delete('/d')
  expect(await blobNames(`${storage}/`)).toEqual([`${storage}/d-`])
  await driver.close()
})
