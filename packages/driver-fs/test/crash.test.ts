import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isStorageError } from '@stowage/core'
import { contentOf, revisionOf } from './crash-content.ts'
import { Recording, staged } from './recording.ts'

const CHILD = fileURLToPath(new URL('./crash-child.ts', import.meta.url))
const FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']
const STRIP = process.versions.node.startsWith('22.') ? ['--experimental-strip-types'] : []
const KILLS = 8

/** Numbers from 0 to 1, the same ones each time. */
function* random(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    yield state / 2 ** 31
  }
}

/** Runs the child and kills it that long after its first revision. Gives the last one it reported. */
async function killed(root: string, first: number, milliseconds: number): Promise<number> {
  const child = spawn(process.execPath, [...FLAGS, ...STRIP, CHILD, root, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  await once(child.stdout, 'data')
  await pause(milliseconds)
  child.kill('SIGKILL')
  await once(child, 'close')
  const complete = output.slice(0, output.lastIndexOf('\n')).split('\n')
  return Number(complete.at(-1))
}

it('a process killed at any moment leaves whole files, nothing that succeeded is lost', async () => {
  const recording = new Recording()
  const storage = recording.driver()
  const moments = random(20_261_124)
  let reported = -1
  for (let kill = 0; kill < KILLS; kill++) {
    reported = await killed(recording.root, reported + 1, (moments.next().value as number) * 60)
    for (const path of ['/put', '/dir/written', '/moved']) {
      const revision = revisionOf(Buffer.from(await storage.getContent(path)))
      // The last one may have been stored and not reported.
      expect(revision - reported === 0 || revision - reported === 1).toBe(true)
    }
    // An upload of the killed process continues with a part of the bytes, from the first one on.
    const writer = await storage.writer('/dir/written', { append: true }).catch((error) => {
      if (!isStorageError(error, 'UNSUPPORTED_METHOD')) throw error
    })
    if (writer) {
      const content = contentOf(reported + 1)
      await writer.write(content.subarray(writer.size))
      await writer.commit()
      expect(await storage.getContent('/dir/written')).toEqual(content)
      reported++
    }
  }
  await storage.purgeUploads('/', { olderThan: new Date(Date.now() + 60_000) })
  expect(staged(recording.root)).toEqual([])
})
