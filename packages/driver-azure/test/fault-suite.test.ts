import { registerFaultSuite } from '@stowage/testsuite'
import { faultOptions } from './helpers/faulty.ts'

registerFaultSuite(faultOptions)
