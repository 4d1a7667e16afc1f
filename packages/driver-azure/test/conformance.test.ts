import { registerSuite } from '@stowage/testsuite'
import { FULL } from '@stowage-internal/jest-preset/sample'
import { open, SMALL } from './helpers/storages.ts'

registerSuite({
  name: 'azure',
  open,
  partSize: SMALL.blockSize,
  pageSize: SMALL.pageSize,
  concurrency: 4,
  // Azurite takes a minute for it. Other cases cross the small pages of these tests, `batches.test.ts` the batches of a delete.
  skip: FULL ? {} : { 'scale-thousand': 'thousands of requests: only in full size' },
  child: {
    module: new URL('./helpers/storages.ts', import.meta.url),
    execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
  },
})
