import { create } from '@stowage/core'
import { registerHistorySuite } from '@stowage/testsuite'
import '@stowage/driver-inmemory'

registerHistorySuite({ name: 'inmemory', open: () => create('inmemory') })
