import { toStorageDriver } from '@stowage/core/driver'
import { FsDriver } from '../../src/driver.ts'
import { CONFINES } from '../../src/node-file-system.ts'
import { parse } from '../../src/parameters.ts'

/** Does everything once under the permission model of Node.js. Prints what each call failed with. */
const [root = ''] = process.argv.slice(2)
const seen: Record<string, unknown> = { confines: CONFINES }
const storage = toStorageDriver(new FsDriver(parse({ rootDirectory: root })))

async function told(name: string, run: () => Promise<unknown>): Promise<void> {
  seen[name] = await run().catch((error: { code?: string }) => error.code ?? String(error))
}

async function upload(): Promise<string> {
  const writer = await storage.writer('/dir/upload')
  await writer.write(Buffer.from('one'))
  await writer.close()
  const again = await storage.writer('/dir/upload', { append: true })
  await again.write(Buffer.from('two'))
  await again.commit()
  return String(await storage.getContent('/dir/upload'))
}

await told('put', async () => await storage.putContent('/dir/file', 'content'))
await told('get', async () => String(await storage.getContent('/dir/file')))
await told('upload', upload)
await told('replace', async () => {
  await storage.putContent('/dir/file', 'other')
  return String(await storage.getContent('/dir/file'))
})
await told('move', async () => {
  await storage.move('/dir/file', '/moved')
  const paths: string[] = []
  for await (const { path } of storage.walk('/')) paths.push(path)
  return paths
})
await told('delete', async () => await storage.delete('/moved'))
await told('purge', async () => await storage.purgeUploads('/'))
await storage.close()
console.log(JSON.stringify(seen))
