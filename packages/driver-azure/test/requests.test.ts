// The README's table of requests, counted on the wire.
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import type { FaultProxy } from '@stowage/testsuite'
import { counted, tableBelow } from '@stowage-internal/test-servers'
import {
  collect,
  containerClient,
  newStorage,
  openThroughProxy,
  pattern,
  SMALL,
} from './helpers/storages.ts'

const data = pattern(3 * SMALL.blockSize + 1)
const small = data.subarray(0, 10)

let storage: string
let driver: StorageDriver
let proxy: FaultProxy
let end: AsyncDisposable | undefined

beforeEach(async () => {
  await end?.[Symbol.asyncDispose]()
  storage = newStorage()
  const opened = await openThroughProxy(storage)
  driver = opened.driver
  proxy = opened.proxy
  end = opened
})

afterAll(async () => {
  await end?.[Symbol.asyncDispose]()
})

const put = (path: string): Promise<void> => driver.putContent(path, small)
const putThree = async (): Promise<void> => {
  for (const name of ['a', 'b', 'c']) await put(`/dir/${name}`)
}

async function write(bytes: Uint8Array, how: 'commit' | 'close' | 'cancel'): Promise<void> {
  const writer = await driver.writer('/file')
  await writer.write(bytes)
  await writer[how]()
}

async function appendBlob(): Promise<void> {
  const blob = (await containerClient()).getAppendBlobClient(`${storage}/file`)
  await blob.create()
  await blob.appendBlock(small, small.length)
}

async function nothing(): Promise<void> {}

const anyAge = (): Date => new Date(Date.now() + 1_000_000)

/** For each row of the table: what is there before, and the call. */
const CALLS: Readonly<
  Record<string, [before: () => Promise<unknown>, call: () => Promise<unknown>]>
> = {
  '`getContent`, `reader`': [() => put('/file'), () => driver.getContent('/file')],
  '`reader` of nothing (length 0)': [
    () => put('/file'),
    async () => collect(await driver.reader('/file', { length: 0 })),
  ],
  '`putContent`': [nothing, () => put('/file')],
  '`writer` to `commit`, up to one block': [
    nothing,
    () => write(data.subarray(0, SMALL.blockSize), 'commit'),
  ],
  '`writer` to `commit`, 4 blocks': [nothing, () => write(data, 'commit')],
  '`writer` to `close`, 4 blocks': [nothing, () => write(data, 'close')],
  '`writer` to `close`, nothing written': [nothing, () => write(new Uint8Array(), 'close')],
  '`writer` to `cancel`, 4 blocks': [nothing, () => write(data, 'cancel')],
  '`writer` with `append`, an upload': [
    () => write(data, 'close'),
    () => driver.writer('/file', { append: true }),
  ],
  '`writer` with `append`, an empty file': [
    () => driver.putContent('/file', ''),
    () => driver.writer('/file', { append: true }),
  ],
  '`stat` of a file': [() => put('/file'), () => driver.stat('/file')],
  '`stat` of a directory': [putThree, () => driver.stat('/dir')],
  '`list`, a page': [putThree, () => collect(driver.list('/dir'))],
  '`walk`, a page': [putThree, () => collect(driver.walk('/'))],
  '`move` of a file': [() => put('/file'), () => driver.move('/file', '/other')],
  '`move` of an append blob': [appendBlob, () => driver.move('/file', '/other')],
  '`move` of a directory of 3 files': [putThree, () => driver.move('/dir', '/to')],
  '`delete` of a file': [() => put('/file'), () => driver.delete('/file')],
  '`delete` of a directory, up to 256 files': [putThree, () => driver.delete('/dir')],
  '`purgeUploads`, one upload': [
    () => write(data, 'close'),
    () => driver.purgeUploads('/', { olderThan: anyAge() }),
  ],
  '`redirectURL` with a key': [nothing, () => driver.redirectURL('/file')],
}

const table = tableBelow('## Requests per call', new URL('../README.md', import.meta.url)).map(
  ([call = '', requests = '']): [string, string] => [call, requests],
)

test('the table has a row for each call', () => {
  // The test of signed URLs counts that one: it needs a server with TLS.
  const entra = '`redirectURL` with Entra ID'
  expect(table.map(([call]) => call)).toEqual([...Object.keys(CALLS), entra])
})

test.each(table.filter(([call]) => call in CALLS))('%s: %s', async (call, requests) => {
  const [before, run] = CALLS[call] ?? [nothing, nothing]
  await before()
  proxy.reset()
  await run()
  expect(counted(proxy.operations)).toBe(requests)
})
