import { registerSuite } from '@stowage/testsuite'
import { open, SMALL } from './helpers/storages.ts'

// The service drops a final dot of a component, so such names are refused. Azurite would keep them: what these two
// cases prove of all other names stands in order.test.ts.
const DOTS =
  'among its names are some with a final dot, which the service cannot hold: see order.test.ts'

registerSuite({
  name: 'azure',
  open,
  partSize: SMALL.blockSize,
  pageSize: SMALL.pageSize,
  child: {
    module: new URL('./helpers/storages.ts', import.meta.url),
    execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
  },
  skip: { 'paths-valid-original': DOTS, 'list-order': DOTS },
})
