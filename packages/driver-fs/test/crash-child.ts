import { writeSync } from 'node:fs'
import { create } from '@stowage/core'
import '../src/index.ts'
import { contentOf } from './crash-content.ts'

/**
 * Stores one revision after the other until it is killed, by puts, by commits and in directories that
 * come and go, and says of each when it is stored.
 */
const [root = '', first = '0'] = process.argv.slice(2)
const storage = await create('fs', { rootDirectory: root, durability: 'none', chunkSize: 4096 })
for (let revision = Number(first); ; revision++) {
  const content = contentOf(revision)
  await storage.putContent('/put', content)
  const writer = await storage.writer('/dir/written')
  await writer.write(content.subarray(0, content.length / 2))
  await writer.write(content.subarray(content.length / 2))
  await writer.commit()
  await storage.putContent(`/new/${revision}/deep`, content)
  await storage.move(`/new/${revision}/deep`, '/moved')
  writeSync(1, `${revision}\n`)
}
