// The process that the demonstration kills in the middle of a large upload, and the one that goes on with it:
//   node examples/demonstration/upload.mjs <root directory> <path> <bytes>
// It tells its parent how far it is and waits for an answer, so that the parent can choose the moment.
import { once } from 'node:events'
import { create } from '../../packages/core/dist/index.js'
import '../../packages/driver-fs/dist/index.js'
import { pattern } from './data.mjs'

const CHUNK = 1024 * 1024

const [rootDirectory, path, bytes] = process.argv.slice(2)
const total = Number(bytes)
const storage = await create('fs', { rootDirectory })
const writer = await open()
await tell({ type: 'begin', at: writer.size })
while (writer.size < total) {
  await writer.write(pattern(writer.size, Math.min(CHUNK, total - writer.size)))
  await tell({ type: 'progress', at: writer.size })
}
await writer.commit()
await tell({ type: 'committed', at: writer.size })
process.disconnect()

/** Goes on with an unfinished upload of the path where there is one. */
async function open() {
  try {
    return await storage.writer(path, { append: true })
  } catch (error) {
    if (error.code !== 'PATH_NOT_FOUND') throw error
    return storage.writer(path)
  }
}

async function tell(message) {
  const answer = once(process, 'message')
  process.send(message)
  await answer
}
