import { registerHistorySuite } from '@stowage/testsuite'
import { open, SMALL } from './helpers/storages.ts'

registerHistorySuite({ name: 'azure', open, partSize: SMALL.blockSize, rounds: 5 })
