import { registerSuite } from '@stowage/testsuite'
import { open, SMALL } from './helpers/storages.ts'

registerSuite({
  name: 'azure',
  open,
  partSize: SMALL.blockSize,
  pageSize: SMALL.pageSize,
  // Gigabytes pass Azurite at some 40 MiB/s, once more for the copy that publishes them.
  child: {
    module: new URL('./helpers/storages.ts', import.meta.url),
    execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
  },
})
