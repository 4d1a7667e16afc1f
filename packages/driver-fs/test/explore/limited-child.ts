import { readdirSync } from 'node:fs'
import { toStorageDriver } from '@stowage/core/driver'
import { FsDriver } from '../../src/driver.ts'
import { nodeFileSystem } from '../../src/node-file-system.ts'
import { parse } from '../../src/parameters.ts'
import { contentOf } from '../crash-content.ts'

/** Many writers and readers at once, with fewer handles than they would like. Prints what was seen. */
const [root = '', count = ''] = process.argv.slice(2)
const storage = toStorageDriver(new FsDriver(parse({ rootDirectory: root, chunkSize: 16_384 })))
const numbers = Array.from({ length: Number(count) }, (_, i) => i)
for (const i of numbers) await storage.putContent(`/in/${i}`, contentOf(i))

/** Open handles but for those of directories, which are kept for some milliseconds. */
async function openHandles(): Promise<number> {
  await nodeFileSystem.forget()
  return readdirSync('/proc/self/fd').length
}
const before = await openHandles()

async function write(i: number): Promise<void> {
  const content = contentOf(i)
  const writer = await storage.writer(`/out/${i}/file`)
  for (let at = 0; at < content.length; at += 5000) {
    await writer.write(content.subarray(at, at + 5000))
  }
  await writer.commit()
}

async function read(i: number): Promise<boolean> {
  const chunks: Buffer[] = []
  for await (const chunk of await storage.reader(`/in/${i}`)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).equals(contentOf(i))
}

const writes = numbers.map(write)
const reads = await Promise.allSettled(numbers.map(read))
const written = await Promise.allSettled(writes)
const wrong = [...reads, ...written].flatMap((result) =>
  result.status === 'rejected' ? [String(result.reason)] : result.value === false ? ['torn'] : [],
)
for (const i of numbers) {
  const content = await storage.getContent(`/out/${i}/file`).catch(() => undefined)
  if (!content || !Buffer.from(content).equals(contentOf(i))) wrong.push(`/out/${i}/file`)
}
const handles = (await openHandles()) - before
console.log(JSON.stringify({ wrong, handles }))
