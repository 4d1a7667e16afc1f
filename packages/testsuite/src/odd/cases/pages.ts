import assert from 'node:assert/strict'
import type { FileInfo } from '@stowage/core'
import type { Seen } from '../../faults/fault.ts'
import { eachOperation, type OddCase } from '../case.ts'
import type { Page } from '../dialect.ts'
import { operation } from '../operations.ts'
import { failedBut, type OddWorld } from '../world.ts'

/** What lists a directory. */
const LISTING = [
  'list',
  'list of the root',
  'walk',
  'move of a directory',
  'delete of a directory',
].map(operation)
/** A driver that believes a loop goes on for ever. */
const MOST_PAGES = 60

/** Each listing request gets the page that is made for it. */
async function listed(
  world: OddWorld,
  id: string,
  make: (prefix: string, index: number) => Page,
): Promise<void> {
  await eachOperation(
    world,
    id,
    async (one) => {
      let pages = 0
      const rule = (seen: Seen) => {
        if (seen.operation !== 'list') return undefined
        // The end of a driver that never stops, so that it is seen.
        if (pages++ > MOST_PAGES) return { answer: { status: 400 } }
        return { answer: world.dialect.page(make(world.dialect.prefixOf(seen), pages)) }
      }
      failedBut(await world.outcome(one, rule), 'PATH_NOT_FOUND')
      assert.ok(pages <= MOST_PAGES, `it asked for ${pages} pages`)
    },
    LISTING,
  )
}

const one = (prefix: string) => ({ key: `${prefix}a`, size: '5' })

export const pages: readonly OddCase[] = [
  {
    id: 'page-no-token',
    title: 'a page that says "more" and not where is an error, not the end',
    applies: ({ page }) => page({ entries: [], more: true }) !== undefined,
    run: (world) =>
      listed(world, 'page-no-token', (prefix) => ({ entries: [one(prefix)], more: true })),
  },
  {
    id: 'page-same-token',
    title: 'the same token again is an error',
    run: (world) =>
      listed(world, 'page-same-token', () => ({ entries: [], more: true, token: 'again' })),
  },
  {
    id: 'page-loop',
    title: 'a loop of tokens is an error',
    run: (world) =>
      listed(world, 'page-loop', (_, index) => ({
        ...{ entries: [], more: true },
        token: `t${index % 3}`,
      })),
  },
  {
    id: 'page-foreign-key',
    title: 'a key that is not under the prefix is neither listed nor deleted',
    async run(world) {
      for (const foreign of ['zzzz/q', '../x', '']) {
        await eachOperation(
          world,
          'page-foreign-key',
          async (listing) => {
            const requested: string[] = []
            const rule = (seen: Seen) => {
              if (seen.operation !== 'list') {
                requested.push(decodeURIComponent(seen.url.pathname))
                return undefined
              }
              // Where there is no prefix, every key is under it.
              if (world.dialect.prefixOf(seen) === '') return undefined
              const entries = [{ key: foreign, size: '5' }]
              return { answer: world.dialect.page({ entries, more: false }) }
            }
            const outcome = await world.outcome(listing, rule)
            const entries = 'value' in outcome ? (outcome.value ?? []) : []
            assert.deepEqual(entries, [], 'entries of a page that has a foreign key only')
            const touched = requested.filter((path) => path.endsWith('zzzz/q'))
            assert.deepEqual(touched, [], 'requests for the foreign key')
          },
          LISTING,
        )
      }
    },
  },
  {
    id: 'page-odd-size',
    title: 'a size that is no number of bytes is an error, not a size',
    async run(world) {
      for (const size of ['-5', 'NaN', '1.5', '']) {
        const rule = (seen: Seen) =>
          seen.operation === 'list'
            ? {
                answer: world.dialect.page({
                  entries: [{ key: `${world.dialect.prefixOf(seen)}a`, size }],
                  more: false,
                }),
              }
            : undefined
        const outcome = await world.outcome(operation('walk'), rule)
        if ('error' in outcome) failedBut(outcome, 'PATH_NOT_FOUND')
        else {
          for (const info of outcome.value as FileInfo[]) {
            const isSize = Number.isSafeInteger(info.size) && info.size >= 0
            assert.ok(isSize, `walk gives the size ${info.size} for '${size}'`)
          }
        }
      }
    },
  },
  {
    id: 'page-error-in-200',
    title: 'a listing that is answered with 200 and something else is an error, not empty',
    async run(world) {
      const words = { status: 200, code: 'InternalError', message: 'made up' }
      const html = '<html><body>Please log in</body></html>'
      for (const answer of [
        world.dialect.error(words),
        { status: 200, headers: { 'content-type': 'text/html' }, body: html },
        { status: 200, body: '' },
      ]) {
        await eachOperation(
          world,
          'page-error-in-200',
          async (listing) => {
            const rule = (seen: Seen) => (seen.operation === 'list' ? { answer } : undefined)
            failedBut(await world.outcome(listing, rule), 'PATH_NOT_FOUND')
          },
          LISTING,
        )
      }
    },
  },
  {
    id: 'copy-error-in-200',
    title: 'a copy that is answered with 200 and an error keeps the source',
    applies: ({ errorsIn200 }) => errorsIn200.includes('copy'),
    async run(world) {
      const words = { status: 200, code: 'InternalError', message: 'made up' }
      const answer = world.dialect.error(words)
      const rule = (seen: Seen) => (seen.operation === 'copy' ? { answer } : undefined)
      await eachOperation(
        world,
        'copy-error-in-200',
        async (move) => failedBut(await world.outcome(move, rule), 'PATH_NOT_FOUND'),
        ['move', 'move of a directory'].map(operation),
      )
    },
  },
]
