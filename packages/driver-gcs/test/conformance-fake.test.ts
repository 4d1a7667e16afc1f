// The suite and the model on the scripted fake, nothing left out: a fake of ours, see test/fake/README.md.
import { create } from '@stowage/core'
import '@stowage/driver-inmemory'
import { registerModelSuite, registerSuite } from '@stowage/testsuite'
import { CHUNK, childOptions, SMALL, startFake } from './helpers/storages.ts'

const fake = await startFake('fake')
const open = (storage: string, pageSize: number = SMALL.pageSize) =>
  create('gcs', { ...fake.parameters, rootDirectory: `/${storage}`, pageSize })
const { capabilities } = await open('capabilities')

afterAll(() => fake[Symbol.asyncDispose]())

registerSuite({
  name: 'gcs on a fake of our own',
  open: (storage) => open(storage),
  capabilities,
  partSize: CHUNK,
  pageSize: SMALL.pageSize,
  concurrency: 4,
  child: childOptions(fake.parameters),
})

registerModelSuite({
  name: 'gcs on a fake of our own',
  partSize: CHUNK,
  open: (storage) => open(storage, 3),
  oracle: (parameters) => create('inmemory', parameters),
})
