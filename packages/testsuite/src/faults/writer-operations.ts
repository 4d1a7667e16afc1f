import assert from 'node:assert/strict'
import { type FileWriter, isStorageError, type StorageDriver } from '@stowage/core'
import { anyAge, byteOrder } from '../context.ts'
import { BODY, type Ending, type Operation, SMALL, type Stage } from './operation.ts'
import type { Tree } from './tree.ts'

/** Nothing of an upload may be seen here. */
const FILES = { '/file': BODY, '/file.txt': SMALL }
const BEFORE = { '/file': '/file', '/file.txt': '/file.txt' }
const PUBLISHED: Tree = { ...BEFORE, '/up': 'upload' }

/** The bytes of an upload: some parts, and the beginning of one more. */
function bytesOf({ contents, partSize }: Stage): Buffer {
  return contents.get('upload', 2 * partSize + SMALL)
}

/** The bytes that an earlier process has left of it. */
export function begunBytes(stage: Stage): Buffer {
  return bytesOf(stage).subarray(0, stage.partSize + SMALL)
}

async function open({ driver, signal }: Stage, kept: { writer?: FileWriter }, append = false) {
  kept.writer = await driver.writer('/up', { append, signal })
  return kept.writer
}

/** The newest upload of the path as another process finds it; a new one where there is none. */
async function resumed(driver: StorageDriver, least: number): Promise<FileWriter> {
  try {
    const writer = await driver.writer('/up', { append: true })
    assert.ok(
      writer.size >= least,
      `${writer.size} bytes are left of the ${least} that were durable`,
    )
    return writer
  } catch (error) {
    const none =
      isStorageError(error, 'PATH_NOT_FOUND') || isStorageError(error, 'UNSUPPORTED_METHOD')
    if (!none) throw error
    assert.equal(least, 0, `nothing is left of the ${least} bytes that were durable`)
    return driver.writer('/up')
  }
}

/** Another process goes on with the upload, which is to hold at least so many bytes. */
async function goOn(ending: Ending, least: number): Promise<Tree> {
  const bytes = bytesOf(ending)
  const writer = await resumed(ending.direct, least)
  assert.ok(writer.size <= bytes.length, `${writer.size} bytes instead of ${bytes.length} at most`)
  await writer.write(bytes.subarray(writer.size))
  await writer.commit()
  return PUBLISHED
}

/** After an abort nothing is left; a writer that was closed before it is only that. */
async function nothingLeft({ kept, uploads, applied }: Ending): Promise<undefined> {
  try {
    await kept.writer?.cancel()
  } catch (error) {
    if (isStorageError(error, 'WRITER_STATE')) return
    throw error
  }
  if (!applied) assert.deepEqual(await uploads(), [], 'uploads are left after an abort')
}

/** What failed is repeated without faults; a driver that gives up soon may need it twice on a busy machine. */
async function again(run: () => Promise<void> | undefined): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!isStorageError(error, 'UNAVAILABLE')) throw error
    await run()
  }
}

async function write(stage: Stage, kept: { writer?: FileWriter }): Promise<void> {
  await (await open(stage, kept)).write(bytesOf(stage))
}

const ending: readonly Operation[] = [
  {
    id: 'write',
    title: 'an upload that fails anywhere before its close keeps what was stored',
    needs: 'append',
    files: FILES,
    // A writer may pass bytes on after the call has ended: only close waits for all of them.
    act: async (stage, kept) => {
      await write(stage, kept)
      await kept.writer?.close()
    },
    finish: async (end) => {
      const { outcome, kept } = end
      if (outcome.status === 'aborted') return nothingLeft(end)
      if (outcome.status === 'failed') await again(() => kept.writer?.close())
      return goOn(end, outcome.status === 'done' ? bytesOf(end).length : 0)
    },
  },
  {
    id: 'close',
    title: 'close makes every byte durable, or fails and can be repeated',
    needs: 'append',
    files: FILES,
    arrange: write,
    act: (_, { writer }) => writer?.close() as Promise<void>,
    finish: async (end) => {
      const { outcome, kept } = end
      if (outcome.status === 'aborted') return nothingLeft(end)
      if (outcome.status === 'failed') await again(() => kept.writer?.close())
      return goOn(end, outcome.status === 'killed' ? 0 : bytesOf(end).length)
    },
  },
  {
    id: 'append',
    title: 'append loses nothing of the upload that it finds',
    needs: 'append',
    files: FILES,
    sessions: ['/up'],
    act: (stage, kept) => open(stage, kept, true),
    check: (stage, value) => assert.equal((value as FileWriter).size, begunBytes(stage).length),
    finish: async (end) => {
      await end.kept.writer?.close()
      return goOn(end, begunBytes(end).length)
    },
  },
  {
    id: 'continue',
    title: 'a continued upload is published whole, or can be continued again',
    needs: 'append',
    files: FILES,
    sessions: ['/up'],
    act: async (stage, kept) => {
      const writer = await open(stage, kept, true)
      await writer.write(bytesOf(stage).subarray(writer.size))
      await writer.commit()
    },
    after: PUBLISHED,
    finish: async (end) => {
      const { outcome, kept, tree } = end
      if (outcome.status === 'done' || '/up' in tree) return undefined
      if (outcome.status === 'aborted' && kept.writer) return nothingLeft(end)
      await kept.writer?.close()
      return goOn(end, begunBytes(end).length)
    },
  },
  ...commits(),
  {
    id: 'cancel',
    title: 'cancel removes all that was stored, or fails and can be repeated',
    aborts: false,
    files: FILES,
    arrange: write,
    act: (_, { writer }) => writer?.cancel() as Promise<void>,
    finish: async ({ outcome, kept, uploads }) => {
      if (outcome.status === 'killed') return undefined
      if (outcome.status === 'failed') await again(() => kept.writer?.cancel())
      assert.deepEqual(await uploads(), [], 'uploads are left after cancel')
      return undefined
    },
  },
]

/** Commits of an upload that is still in memory, and of one of several parts. */
function commits(): Operation[] {
  const commit = (id: string, title: string, bytes: (stage: Stage) => Buffer): Operation => {
    const name = id === 'commit' ? 'upload' : 'small'
    const after = { ...BEFORE, '/file': name }
    return {
      ...{ id, title, files: FILES, after },
      arrange: async (stage, kept) => {
        kept.writer = await stage.driver.writer('/file', { signal: stage.signal })
        await kept.writer.write(bytes(stage))
      },
      act: (_, { writer }) => writer?.commit() as Promise<void>,
      finish: async (end) => {
        const { outcome, kept } = end
        if (outcome.status === 'aborted') return nothingLeft(end)
        if (outcome.status !== 'failed') return undefined
        await again(() => kept.writer?.commit())
        return after
      },
    }
  }
  const what = 'replaces the file whole, or fails and can be repeated'
  return [
    commit('commit', `commit of several parts ${what}`, bytesOf),
    commit('commit-small', `commit of a few bytes ${what}`, ({ contents }) =>
      contents.get('small', SMALL),
    ),
  ]
}

const purge: Operation = {
  id: 'purgeUploads',
  title: 'purgeUploads removes every unfinished upload and names each once, or can be repeated',
  needs: 'purgeUploads',
  files: FILES,
  sessions: ['/up', '/dir/a', '/dir/b'],
  act: async ({ driver, signal }) => {
    const found = await driver.purgeUploads('/', { olderThan: anyAge(), signal })
    return found.map(({ path }) => path)
  },
  check: (_, value) =>
    assert.deepEqual((value as string[]).toSorted(byteOrder), ['/dir/a', '/dir/b', '/up']),
  finish: async ({ outcome, uploads }) => {
    if (outcome.status === 'done') assert.deepEqual(await uploads(), [], 'uploads are left')
    return undefined
  },
}

/** Every operation that stores an upload. */
export const uploads: readonly Operation[] = [...ending, purge]
