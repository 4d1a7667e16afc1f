// On the scripted fake: the other servers have no conditions, by which this driver keeps concurrent writers apart.
import { create } from '@stowage/core'
import '@stowage/driver-gcs'
import { registerHistorySuite } from '@stowage/testsuite'
import { CHUNK, startFake } from './helpers/storages.ts'

const fake = await startFake('histories')
afterAll(() => fake[Symbol.asyncDispose]())

registerHistorySuite({
  name: 'gcs on a fake of our own',
  open: (storage) => create('gcs', { ...fake.parameters, rootDirectory: `/${storage}` }),
  partSize: CHUNK,
  rounds: 4,
})
