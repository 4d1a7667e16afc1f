import type { Answer } from '../../faults/fault.ts'
import { eachOperation, type OddCase } from '../case.ts'
import { operations } from '../operations.ts'
import { failedBut, type OddWorld } from '../world.ts'

/** "Could not tell" is none of these. */
const NEVER = ['PATH_NOT_FOUND', 'UPLOAD_NOT_FOUND', 'REVISION_CHANGED']

/** What a proxy, a wrong host or a portal says. */
const HTML: Answer = {
  status: 404,
  headers: { 'content-type': 'text/html' },
  body: '<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>Not Found</body></html>',
}

/** Every request gets the answer, and no operation takes that for "not there". */
function answered(world: OddWorld, id: string, answer: Answer): Promise<void> {
  return eachOperation(world, id, async (one) => {
    failedBut(await world.outcome(one, () => ({ answer })), ...NEVER)
  })
}

export const notFound: readonly OddCase[] = [
  {
    id: 'html-404',
    title: '404 with HTML is never "not found": a directory is not empty because a proxy says so',
    run: (world) => answered(world, 'html-404', HTML),
  },
  {
    id: 'empty-404',
    title: '404 without a body is "not found" of no listing and of nothing that is written',
    run: (world) => {
      const keyed = ['stat', 'stat of a directory', 'getContent', 'reader', 'move', 'delete']
      const others = operations.filter(({ id }) => !keyed.includes(id))
      const rule = () => ({ answer: { status: 404 } })
      return eachOperation(
        world,
        'empty-404',
        async (one) => failedBut(await world.outcome(one, rule), ...NEVER),
        others,
      )
    },
  },
  {
    id: 'foreign-404',
    title:
      '404 with a code that says something else, a wrong key for example, is never "not found"',
    async run(world) {
      for (const code of world.dialect.foreign404) {
        const answer = world.dialect.error({ status: 404, code, message: 'made up' })
        await answered(world, 'foreign-404', answer)
      }
    },
  },
  {
    id: 'lock',
    title: 'a refusal by a lock or lease is an error of its own, and nothing is lost',
    applies: ({ locks }) => locks.length > 0,
    async run(world) {
      for (const { kinds, answer } of world.dialect.locks) {
        const locked = operations.filter(({ changes, id }) => changes && id !== 'purgeUploads')
        const rule = (seen: { operation: string }) =>
          (kinds as readonly string[]).includes(seen.operation) ? { answer } : undefined
        const writes = kinds.includes('delete')
          ? locked
          : locked.filter(({ id }) => !id.startsWith('delete'))
        await eachOperation(
          world,
          'lock',
          async (one) => failedBut(await world.outcome(one, rule), ...NEVER),
          writes,
        )
      }
    },
  },
]
