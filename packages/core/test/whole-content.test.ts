import { DriverError, RevisionChangedError, toStorageDriver } from '@stowage/core/driver'
import { Memory } from './helpers/memory.ts'
import { failure } from './helpers/util.ts'

/** A driver whose first reads are ended by a replacement. */
function replaced(times: number, error: () => Error = () => new RevisionChangedError('replaced')) {
  const memory = new Memory()
  const seen = { reads: 0 }
  memory.files.set('/a', Buffer.from('whole'))
  const read = memory.getContent.bind(memory)
  memory.getContent = async (path) => {
    if (++seen.reads <= times) throw error()
    return read(path)
  }
  return { driver: toStorageDriver(memory), seen }
}

it('getContent reads again where the file was replaced, ten times at most', async () => {
  const { driver, seen } = replaced(9)
  expect(String(await driver.getContent('/a'))).toBe('whole')
  expect(seen.reads).toBe(10)
  const endless = replaced(Number.POSITIVE_INFINITY)
  expect(await failure(endless.driver.getContent('/a'))).toMatchObject({
    code: 'REVISION_CHANGED',
    path: '/a',
  })
  expect(endless.seen.reads).toBe(10)
})

it('getContent does not try again after another error or an abort', async () => {
  const broken = replaced(1, () => new DriverError('broken'))
  expect(await failure(broken.driver.getContent('/a'))).toMatchObject({ code: 'DRIVER' })
  expect(broken.seen.reads).toBe(1)
  const control = new AbortController()
  const aborted = replaced(1, () => {
    control.abort(new Error('enough'))
    return new RevisionChangedError('replaced')
  })
  const call = aborted.driver.getContent('/a', { signal: control.signal })
  expect((await failure(call)).message).toBe('enough')
  expect(aborted.seen.reads).toBe(1)
})
