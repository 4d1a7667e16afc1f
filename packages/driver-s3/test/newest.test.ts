// Which upload `append` goes on with is told by the store's clock, not by this machine's and not by the order of the list.
import { type Stub, startStub } from './helpers/stub.ts'

let stub: Stub
beforeEach(async () => {
  stub = await startStub(() => ({}))
})
afterEach(() => stub[Symbol.asyncDispose]())

/** Of uploads that the store lists in this order, begun then, the one that is continued: as many bytes as its place from 1 on. */
async function continued(begun: readonly string[]): Promise<number> {
  const uploads = begun.map(
    (at, i) =>
      `<Upload><Key>a</Key><UploadId>u${i + 1}</UploadId><Initiated>${at}</Initiated></Upload>`,
  )
  stub.answer = ({ operation, url }) => {
    if (operation === 'ListMultipartUploads') {
      const body = `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`
      return { body }
    }
    const size = url.searchParams.get('uploadId')?.slice(1)
    return {
      body: `<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>1</PartNumber><ETag>"1"</ETag><Size>${size}</Size></Part></ListPartsResult>`,
    }
  }
  const driver = await stub.driver()
  const writer = await driver.writer('/a', { append: true })
  expect(stub.asked.map(({ operation }) => operation)).toEqual([
    'ListMultipartUploads',
    'ListParts',
  ])
  return writer.size
}

it.each([
  ['is listed first', ['2026-01-03T00:00:00.000Z', '2026-01-02T00:00:00.000Z'], 1],
  [
    'is listed in the middle',
    ['2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z', '2026-01-02T00:00:00Z'],
    2,
  ],
  [
    'lies in the future of this machine',
    ['2026-01-01T00:00:00Z', '2199-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    2,
  ],
  ['was begun within the same second', ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'], 2],
] as const)('the newest upload %s', async (_, begun, place) => {
  expect(await continued(begun)).toBe(place)
})
