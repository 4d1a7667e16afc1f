// Answers that say less than they should, or something else, and what is believed of them.
import { afterEach, expect, test } from '@jest/globals'
import { assemble } from '../src/blocks.ts'
import { ServiceClock } from '../src/clock.ts'
import { parse } from '../src/parameters.ts'
import { timeMetadata, timeOf } from '../src/times.ts'
import { ACCOUNT_KEY, entry, listing, refusing, type Stub, startStub } from './helpers/stub.ts'

const opened: Stub[] = []

afterEach(async () => {
  for (const stub of opened.splice(0)) await stub[Symbol.asyncDispose]()
})

test.each([
  'Sat, 13 Sep 275760 00:00:00 GMT',
  'Wed, 01 Jan 6000 00:00:00 GMT',
  'Wed, 01 Jan 1969 00:00:00 GMT',
  'yesterday',
])('%s is not the service’s time: no session could be named by it', (date) => {
  const clock = new ServiceClock()
  clock.see(date)
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000)
})

test.each([-5, Number.NaN, Number.POSITIVE_INFINITY, 1.5, undefined])(
  'a block of %s bytes is not believed',
  (size) => {
    const name = Buffer.from(`${'a'.repeat(8)}${'0'.repeat(12)}`).toString('base64')
    const block = { name, size: size as number }
    expect(() => assemble({ committedBlocks: [block] }, undefined)).toThrow('size')
    expect(() => assemble({ uncommittedBlocks: [block] }, undefined)).toThrow('size')
  },
)

test('a root directory is taken as it is given, as by the other drivers', () => {
  const { rootDirectory } = parse({
    ...{ accountName: 'a', accountKey: ACCOUNT_KEY, container: 'c', rootDirectory: '/dir ' },
  })
  expect(rootDirectory).toBe('/dir ')
})

test.each([
  '+012026-01-01T00:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
  '-000001-01-01T00:00:00.000Z',
])('the time %s is kept', (text) => {
  const time = new Date(text)
  expect(timeOf(timeMetadata(time), new Date(5))).toEqual(time)
})

test('a delete names the files that stay, also where an upload stays', async () => {
  const id = '0'.repeat(25)
  const stub = await startStub((request, response) => {
    const { method, url = '' } = request
    if (!url.includes('comp=list')) return refusing(412, 'LeaseIdMissing')(request, response)
    const staged = url.includes('.stowage')
    const blobs = staged ? entry(`.stowage/uploads/dir/${id}`) : entry('dir/a')
    expect(method).toBe('GET')
    listing(blobs)(request, response)
  })
  opened.push(stub)
  const deleted = (await stub.open()).delete('/dir')
  await expect(deleted).rejects.toMatchObject({ code: 'MULTIPLE' })
  await expect(deleted).rejects.toHaveProperty('errors.0.path', '/dir/a')
  await expect(deleted).rejects.toHaveProperty('errors.1.path', '/dir')
})
