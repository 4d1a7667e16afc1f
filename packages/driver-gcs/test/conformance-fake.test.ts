// The suite and the model on the scripted fake, nothing left out: a fake of ours, see test/fake/README.md.
import { create } from '@stowage/core'
import '@stowage/driver-inmemory'
import { registerModelSuite, registerSuite } from '@stowage/testsuite'
import { publicKeyOf, serviceAccount } from './helpers/keys.ts'
import { CHUNK, childOptions, SMALL, startFake } from './helpers/storages.ts'

const account = serviceAccount()
const fake = await startFake('fake', { STOWAGE_FAKE_PUBLIC_KEY: publicKeyOf(account) })
const signing = { credentials: account, anonymous: true }
const open = (storage: string, pageSize: number = SMALL.pageSize) =>
  create('gcs', { ...fake.parameters, ...signing, rootDirectory: `/${storage}`, pageSize })
const { capabilities } = await open('capabilities')

afterAll(() => fake[Symbol.asyncDispose]())

registerSuite({
  name: 'gcs on a fake of our own',
  open: (storage) => open(storage),
  capabilities,
  partSize: CHUNK,
  pageSize: SMALL.pageSize,
  concurrency: 4,
  skip: {
    'reader-far-offsets': 'the fake keeps a file in one piece, storage-testbench shows it',
    'scale-five-gibibytes': 'the fake keeps a file in one piece, storage-testbench shows it',
  },
  child: childOptions(fake.parameters),
})

registerModelSuite({
  name: 'gcs on a fake of our own',
  partSize: CHUNK,
  open: (storage) => open(storage, 3),
  oracle: (parameters) => create('inmemory', parameters),
})
