import { registerSuite } from '@stowage/testsuite'
import { open, SMALL } from './helpers/storages.ts'

registerSuite({
  name: 'azure',
  open,
  partSize: SMALL.blockSize,
  pageSize: SMALL.pageSize,
  concurrency: 4,
  child: {
    module: new URL('./helpers/storages.ts', import.meta.url),
    execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
  },
})
