import { isStorageError, type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { SEED } from '@stowage-internal/jest-preset/sample'
import { ChunkDriver } from '../../src/index.ts'
import { lost, MemoryData, memoryStore, type Random, randomOf } from './memory-store.ts'

const CHUNK = 64

/** A driver of which each step fails with that probability, before or after it has done its work. */
function unreliable(
  data: MemoryData,
  random: Random,
  rate: number,
  identity: string,
): StorageDriver {
  const around = (step: string): void => {
    if (random() < rate) throw lost(step)
  }
  return toStorageDriver(new ChunkDriver(memoryStore(data, { identity, chunkSize: CHUNK, around })))
}

async function persist<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt > 200 || !isStorageError(error, 'UNAVAILABLE')) throw error
    }
  }
}

const bytesOf = (length: number, random: Random): Buffer =>
  Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))

it(`a commit that is repeated until it succeeds publishes every byte once (seed ${SEED})`, async () => {
  const random = randomOf(SEED)
  for (let round = 0; round < 100; round++) {
    const data = new MemoryData()
    const driver = unreliable(data, random, 0.2, `commit ${round}`)
    const content = bytesOf(Math.floor(random() * 4 * CHUNK), random)
    let sent = 0
    let writer = await persist(() => driver.writer('/file'))
    while (sent < content.length) {
      const end = Math.min(content.length, sent + 1 + Math.floor(random() * 100))
      try {
        await writer.write(content.subarray(sent, end))
        sent = end
      } catch {
        // A failed write ends the writer: what was accepted is continued by another one.
        await persist(() => writer.close())
        writer = await persist(() => driver.writer('/file', { append: true }))
        expect(writer.size).toBeGreaterThanOrEqual(sent)
        expect(writer.size).toBeLessThanOrEqual(end)
        sent = writer.size
      }
    }
    await persist(() => writer.commit())
    expect(Buffer.from(await persist(() => driver.getContent('/file')))).toEqual(content)
    // An upload whose beginning was not answered, and whose removal failed too: it has no bytes.
    const left = await persist(() =>
      driver.purgeUploads('/', { olderThan: new Date(Date.now() + 1000) }),
    )
    expect(left.every(({ size }) => size === 0)).toBe(true)
    expect([...data.chunks.keys()]).toEqual(
      content.length === 0 ? [] : [data.files.get('/file')?.revision],
    )
  }
})

it('a commit whose answer was lost does not take another writer for itself', async () => {
  const data = new MemoryData()
  let failing = false
  const around = (step: string, when: 'before' | 'after'): void => {
    if (failing && step === 'publish' && when === 'before') throw lost(step)
  }
  const store = (identity: string) => memoryStore(data, { identity, chunkSize: CHUNK, around })
  const mine = toStorageDriver(new ChunkDriver(store('one process')))
  const theirs = toStorageDriver(new ChunkDriver(store('another process')))
  const first = await mine.writer('/file')
  await first.write(Buffer.from('one'))
  failing = true
  await expect(first.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  failing = false
  const second = await theirs.writer('/file', { append: true })
  await second.write(Buffer.from(' and two'))
  await second.commit()
  // The revision is the same, the owner is not.
  await expect(first.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  expect(Buffer.from(await mine.getContent('/file')).toString()).toBe('one and two')
})

it('a chunk that is too short is ContentError, and the stream never ends early', async () => {
  const data = new MemoryData()
  const driver = toStorageDriver(
    new ChunkDriver(memoryStore(data, { identity: 'damaged', chunkSize: CHUNK })),
  )
  await driver.putContent('/file', Buffer.alloc(3 * CHUNK, 'x'))
  const [run] = data.chunks.values()
  run?.set(1, Buffer.alloc(CHUNK - 1))
  await expect(driver.getContent('/file')).rejects.toMatchObject({ code: 'CONTENT', path: '/file' })
  const read = async (): Promise<number> => {
    let count = 0
    for await (const chunk of await driver.reader('/file')) count += chunk.length
    return count
  }
  await expect(read()).rejects.toMatchObject({ code: 'CONTENT' })
})

it('a file that is replaced while it is read whole is read again', async () => {
  const data = new MemoryData()
  let replace = 3
  const other = toStorageDriver(
    new ChunkDriver(memoryStore(data, { identity: 'writer', chunkSize: CHUNK })),
  )
  const around = async (step: string, when: 'before' | 'after'): Promise<void> => {
    if (step !== 'readChunk' || when === 'after' || replace-- <= 0) return
    await other.putContent('/file', Buffer.alloc(2 * CHUNK, String(replace)))
  }
  const options = { identity: 'reader', chunkSize: CHUNK, around }
  const driver = toStorageDriver(new ChunkDriver(memoryStore(data, options)))
  await driver.putContent('/file', Buffer.alloc(2 * CHUNK, 'x'))
  expect(Buffer.from(await driver.getContent('/file'))).toEqual(Buffer.alloc(2 * CHUNK, '0'))
})
