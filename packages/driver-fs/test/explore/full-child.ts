import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statfsSync } from 'node:fs'
import { toStorageDriver } from '@stowage/core/driver'
import { FsDriver } from '../../src/driver.ts'
import { nodeFileSystem } from '../../src/node-file-system.ts'
import { parse } from '../../src/parameters.ts'

/**
 * Mounts a small file system in this process's own namespace, fills it in several ways, and prints what was
 * seen as JSON. The mount goes with the process.
 */
const [root = '', options = ''] = process.argv.slice(2)
mkdirSync(root, { recursive: true })
const MOUNT = 'mount -t tmpfs -o "$1" tmpfs "$2"'
const { status, stderr } = spawnSync('sh', ['-c', MOUNT, 'sh', options, root])
if (status !== 0) throw new Error(`mount: ${stderr}`)

const KIB = 1024
const storage = toStorageDriver(
  new FsDriver(parse({ rootDirectory: root, chunkSize: 64 * KIB }), {}),
)
const old = Buffer.alloc(100 * KIB, 'old')
const large = Buffer.alloc(4 * KIB * KIB, 'large')
const seen: Record<string, unknown> = {}
const free = (): { blocks: number; inodes: number } => {
  const { bfree, ffree } = statfsSync(root)
  return { blocks: bfree, inodes: ffree }
}
const handles = (): number => readdirSync('/proc/self/fd').length

/** What the call fails with, or null. */
async function told(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => null,
    (error: { code?: string; message?: string }) => [error.code, error.message],
  )
}

await storage.putContent('/dir/file', old)
// Handles of directories are kept for some milliseconds, and keep removed ones.
await nodeFileSystem.forget()
const before = { ...free(), handles: handles() }

async function bytes(): Promise<void> {
  seen.put = await told(storage.putContent('/dir/file', large))
  seen.newPut = await told(storage.putContent('/new/deep/file', large))
  const writer = await storage.writer('/dir/file')
  seen.write = await told(writer.write(large))
  seen.afterWrite = await told(writer.commit())
  seen.close = await told(writer.close())
  const again = await storage.writer('/dir/file', { append: true })
  seen.kept = again.size > 0
  await again.cancel()
}

/** The last bytes find no room when they are passed on: in the commit, or in the close. */
async function ends(): Promise<void> {
  for (const end of ['commit', 'close'] as const) {
    const filler = await storage.writer('/filler')
    for (;;) if (await told(filler.write(Buffer.alloc(KIB * 4)))) break
    const writer = await storage.writer('/dir/file').catch(() => undefined)
    await writer?.write(Buffer.alloc(60 * KIB, 'small'))
    seen[`${end}Full`] = writer && (await told(writer[end]()))
    await told(filler.close())
    await storage.purgeUploads('/filler', { olderThan: new Date(Date.now() + 60_000) })
    if (end === 'commit') seen.commitAgain = writer && (await told(writer.commit()))
  }
  await storage.putContent('/dir/file', old)
}

async function inodes(): Promise<void> {
  let stored = 0
  for (seen.inodes = null; seen.inodes === null; stored++) {
    seen.inodes = await told(storage.putContent(`/many/${stored}`, 'x'))
  }
  seen.stored = stored
  seen.writer = await told(storage.writer('/dir/file'))
  seen.replace = await told(storage.putContent('/dir/file', 'x'))
  seen.move = await told(storage.move('/many/0', '/many/moved'))
  await storage.delete('/many')
}

if (options.includes('nr_inodes')) await inodes()
else {
  await bytes()
  await ends()
}
seen.content = Buffer.from(await storage.getContent('/dir/file')).equals(old)
await storage.purgeUploads('/', { olderThan: new Date(Date.now() + 60_000) })
await storage.putContent('/dir/file', old)
await nodeFileSystem.forget()
const after = { ...free(), handles: handles() }
await storage.close()
seen.left = readdirSync(root)
console.log(JSON.stringify({ ...seen, before, after }))
