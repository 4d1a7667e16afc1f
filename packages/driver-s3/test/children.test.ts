// What `list` shows, and with how many requests. A stub keeps keys that real stores refuse, and has small pages.
import { randomInt } from 'node:crypto'
import { compareKeys } from '@stowage/core'
import { until } from '@stowage-internal/jest-preset/patience'
import { listingOf } from './helpers/listing.ts'
import { type Stub, startStub } from './helpers/stub.ts'
import { collect, failure } from './helpers/world.ts'

/** Keys in a page of the stub. */
const PAGE = 20
let stub: Stub
beforeEach(async () => {
  stub = await startStub(listingOf([], PAGE))
})
afterEach(() => stub[Symbol.asyncDispose]())

async function list(keys: readonly string[], path = '/', changes = {}): Promise<string[]> {
  stub.answer = listingOf(keys, PAGE)
  return collect((await stub.driver(changes)).list(path))
}

const numbered = (count: number, name: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => name(100 + i))

/** What a listing of the directory should show: its children that are files or have a file beneath them. */
function expected(keys: readonly string[], path: string): string[] {
  const prefix = path === '/' ? '' : `${path.slice(1)}/`
  const files = keys.filter((key) => key.startsWith(prefix) && !/(?:^|\/)(?:$|\/)/.test(key))
  const children = files.map((key) => key.slice(prefix.length).replace(/\/.*/, '/'))
  const inOrder = [...new Set(children)].sort(compareKeys)
  return [...new Set(inOrder.map((name) => `/${prefix}${name.replace(/\/$/, '')}`))]
}

describe('a directory that holds only placeholders of other tools', () => {
  const MARKERS = ['only/', 'only/sub/', 'only/sub/deep/', 'other/sub/']

  it.each([{}, { unorderedListing: true }])('is in no listing, with %o', async (changes) => {
    expect(await list([...MARKERS, 'dir/', 'dir/file', 'z'], '/', changes)).toEqual(['/dir', '/z'])
    expect(await failure(list(MARKERS, '/only', changes))).toBe('PATH_NOT_FOUND')
  })

  it('is in none of more than a page either', async () => {
    const big = numbered(2 * PAGE, (i) => `a/${i}`)
    const keys = [...MARKERS, ...big, 'other-/', 'w/', 'w/file', 'x/y/z', 'y']
    expect(await list(keys)).toEqual(['/a', '/w', '/x', '/y'])
  })

  it('may hold any number of them', async () => {
    const keys = [
      ...numbered(10 * PAGE, (i) => `a/${i}/`),
      'b',
      'c/',
      ...numbered(45, (i) => `d/${i}/`),
    ]
    expect(await list(keys)).toEqual(['/b'])
    // The flat page, the listing, and into each directory as long as nothing but placeholders shows.
    expect(stub.asked.length).toBeLessThanOrEqual(2 + 11 + 1 + 4)
  })
})

describe('a list needs', () => {
  it('one request for up to a page of files beneath', async () => {
    const keys = numbered(PAGE, (i) => `${i}/file`)
    expect(await list(keys)).toHaveLength(PAGE)
    expect(stub.asked).toHaveLength(1)
  })

  it('one for each page where the pages show many children', async () => {
    const keys = numbered(5 * PAGE, (i) => `${i}/${i % 2 === 0 ? 'file' : 'link'}`)
    expect(await list(keys)).toHaveLength(5 * PAGE)
    expect(stub.asked).toHaveLength(5)
  })

  it('two, and one for each directory that the first did not show, where directories are large', async () => {
    const keys = numbered(5, (i) => `${i}`).flatMap((name) => numbered(PAGE, (i) => `${name}/${i}`))
    expect(await list(keys)).toHaveLength(5)
    expect(stub.asked).toHaveLength(2 + 4)
  })

  it('no look into files', async () => {
    const keys = [...numbered(PAGE, (i) => `a/${i}`), ...numbered(PAGE - 1, (i) => `f-${i}`)]
    expect(await list(keys)).toHaveLength(PAGE)
    expect(stub.asked).toHaveLength(2)
  })
})

describe('looks into directories', () => {
  const LARGE = numbered(PAGE, (i) => `a/${i}`)
  const DIRECTORIES = numbered(3 * PAGE, (i) => `d-${i}/file`)

  it('end with the caller, who wants no more', async () => {
    const answer = listingOf([...LARGE, ...DIRECTORIES], PAGE)
    let held = 0
    stub.answer = (asked, response) => {
      if (!/^d-1[1-9]/.test(asked.url.searchParams.get('prefix') ?? ''))
        return answer(asked, response)
      held++
      response.once('close', () => held--)
      return undefined
    }
    const seen: string[] = []
    for await (const path of (await stub.driver()).list('/')) {
      seen.push(path)
      if (path === '/d-109') break
    }
    expect(seen).toHaveLength(11)
    await until(() => held === 0)
  })

  it('that fail fail the list, after what is before them', async () => {
    const answer = listingOf([...LARGE, ...DIRECTORIES], PAGE)
    stub.answer = (asked, response) =>
      asked.url.searchParams.get('prefix') === 'd-103/'
        ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }
        : answer(asked, response)
    const seen: string[] = []
    const run = async (): Promise<void> => {
      for await (const path of (await stub.driver()).list('/')) seen.push(path)
    }
    expect(await failure(run())).toBe('PERMISSION_DENIED')
    expect(seen).toEqual(['/a', '/d-100', '/d-101', '/d-102'])
  })
})

it('shows what a walk shows, for any keys', async () => {
  const seed = randomInt(2 ** 31)
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
  for (let round = 0; round < 40; round++) {
    const keys = new Set<string>()
    const count = random(120)
    for (let i = 0; i < count; i++) {
      const depth = 1 + random(4)
      const names = Array.from({ length: depth }, () => 'abc-/'[random(5)] + 'x-'.slice(random(2)))
      keys.add(names.join('/').replace(/^\/+/, '') + (random(3) === 0 ? '/' : ''))
    }
    const all = [...keys].filter((key) => key !== '')
    for (const path of ['/', '/ax-', '/bx-']) {
      const want = expected(all, path)
      const got = await list(all, path).catch(() => [])
      expect({ seed, round, path, got }).toEqual({ seed, round, path, got: want })
    }
  }
})
