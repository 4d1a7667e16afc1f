// The whole suite on the two servers that others wrote: what one cannot do, the other can. On each, what it
// cannot do is skipped by name, with the reason.
import { registerSuite, suiteCases } from '@stowage/testsuite'
import { FULL } from '@stowage-internal/jest-preset/sample'
import { serviceAccount } from './helpers/keys.ts'
import { REST, SERVER_LIMITS, UPLOADS } from './helpers/server-limits.ts'
import { CHUNK, childOptions, SMALL, testServers } from './helpers/storages.ts'

/** Cases that no server runs which somebody else wrote. */
const FAKE_ONLY = ['redirect-expires']

it('each case runs on one of the two servers at least, or is named here', () => {
  const everywhere = suiteCases
    .map(({ id }) => id)
    .filter((id) => Object.values(SERVER_LIMITS).every((skipped) => id in skipped))
  expect(everywhere).toEqual(FAKE_ONLY)
})

/** A runner in which an area that is left out is one skipped test, not one for each case. */
const runner = {
  ...{ it, afterAll },
  describe(name: string, body: () => void): void {
    const isArea = suiteCases.some(({ area }) => area === name)
    if (!isArea || UPLOADS.includes(name)) describe(name, body)
    else it.skip(`${name} (skipped: ${REST})`, () => {})
  },
}

/** Cases that pass gigabytes, or thousands of files. */
const GREAT = ['reader-far-offsets', 'scale-five-gibibytes', 'scale-ten-thousand']
/**
 * With each chunk fake-gcs-server computes the checksums of all that came before, with each page it looks at
 * every object: for these, chunks and pages are large.
 */
const LARGE = { chunkSize: 64 * 1024 * 1024, pageSize: 1000 } as const
const WITH_LARGE = Object.fromEntries(
  GREAT.map((id) => [id, 'runs with larger chunks and pages, see below']),
)

/** Google's storage-testbench takes it: see `fake/README.md`. */
const TOO_MUCH = Object.fromEntries(
  ['reader-far-offsets', 'scale-five-gibibytes'].map((id) => [
    id,
    'fake-gcs-server keeps several copies of an upload in memory: more than 20 GB',
  ]),
)

const THOUSANDS = {
  'scale-thousand': 'thousands of requests: the fake takes them, servers in full size',
}

const isGreat = (name: string): boolean => GREAT.some((id) => name.includes(`[${id}]`))
/** A runner of those cases, which says nothing of the others. */
const great = {
  ...{ describe, afterAll },
  it: Object.assign(
    (name: string, body: () => Promise<void>, ms?: number): void => {
      if (isGreat(name)) it(name, body, ms)
    },
    {
      skip(name: string, body: () => void): void {
        if (isGreat(name)) it.skip(name, body)
      },
    },
  ),
}

// To sign URLs with; these servers ask for no token.
const SIGNING = { credentials: serviceAccount(), anonymous: true }
const servers = await testServers('conformance')
if (servers.length === 0) {
  it.skip('the suite (skipped: no server for Google Cloud Storage runs here, see "test servers")', () => {})
}

for (const { server, open, parameters } of servers) {
  // They follow from the parameters; opening makes no request.
  const { capabilities } = await open('capabilities', SIGNING)
  registerSuite({
    name: `gcs on ${server.name} ${server.version}`,
    open: (storage) => open(storage, SIGNING),
    capabilities,
    partSize: CHUNK,
    pageSize: SMALL.pageSize,
    concurrency: server.quirks.has('no-concurrency') ? 1 : 4,
    skip: { ...SERVER_LIMITS[server.name], ...(FULL ? WITH_LARGE : THOUSANDS) },
    child: childOptions(await parameters()),
    ...(server.name === 'gcp-storage-emulator' && { runner }),
  })
  if (!FULL || server.name === 'gcp-storage-emulator') continue
  registerSuite({
    name: `gcs on ${server.name} ${server.version}, with large chunks and pages,`,
    open: (storage) => open(storage, LARGE),
    partSize: LARGE.chunkSize,
    pageSize: LARGE.pageSize,
    runner: great,
    ...(server.name === 'fake-gcs-server' && { skip: TOO_MUCH }),
  })
}
