import { after, describe, it } from 'node:test'
import { registerSuite } from '@stowage/testsuite'
import { open } from './storage.ts'

// The whole conformance test of a driver. Its options: https://github.com/stowage-storage/stowage/tree/main/packages/testsuite
registerSuite({
  name: 'mydriver',
  open,
  runner: { describe, it, after },
  // Bytes that your driver passes on at a time, and entries that your backend lists at a time: sizes around them are tried.
  partSize: 64 * 1024,
  pageSize: 50,
  // Once your storage outlives a process: the cases in which a process is killed.
  // child: { module: new URL('./storage.ts', import.meta.url) },
})
