// Answers that say less than they should, or something else. A stub, because no real store gives them on request.
import { HTML, listReply, type Stub, startStub, uploadsReply } from './helpers/stub.ts'
import { collect, data, failure } from './helpers/world.ts'

const CONTENT = data(5000)
let stub: Stub
beforeEach(async () => {
  stub = await startStub(() => ({}))
})
afterEach(() => stub[Symbol.asyncDispose]())

it.each([
  ['JSON', { body: '{"login":"/portal"}' }],
  ['text', { body: 'Welcome' }],
  ['a page', HTML],
  ['nothing, and no ETag', {}],
])('a put that is answered with 200 and %s is not believed', async (_, reply) => {
  stub.answer = () => reply
  const driver = await stub.driver()
  await expect(driver.putContent('/a', 'x')).rejects.toMatchObject({
    code: expect.stringMatching(/^(CONFIG|DRIVER)$/),
  })
  const writer = await driver.writer('/a')
  await writer.write(Buffer.from('x'))
  expect(await failure(writer.commit())).toMatch(/^(CONFIG|DRIVER)$/)
})

it('a delete that is answered with 200 and JSON is not believed', async () => {
  stub.answer = ({ operation }) => {
    if (operation === 'ListObjectsV2') return listReply({ keys: ['a'] })
    return operation === 'ListMultipartUploads' ? uploadsReply() : { body: '{"login":"/portal"}' }
  }
  expect(await failure((await stub.driver()).delete('/a'))).toBe('CONFIG')
})

it('a body without an ETag is not read on: what follows may be of another revision', async () => {
  stub.answer = ({ headers }, response) => {
    const first = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
    if (first > 0) {
      const range = `bytes ${first}-${CONTENT.length - 1}/${CONTENT.length}`
      const other = CONTENT.map((byte) => byte ^ 1).subarray(first)
      return { status: 206, headers: { 'content-range': range }, body: Buffer.from(other) }
    }
    response.writeHead(200, { 'content-length': CONTENT.length })
    response.write(CONTENT.subarray(0, 7), () => response.destroy())
    return undefined
  }
  expect(await failure((await stub.driver()).getContent('/a'))).toBe('UNAVAILABLE')
  expect(stub.asked).toHaveLength(1)
})

it.each([
  'bytes 4-5/99999999999999999999',
  'bytes 4-100/100',
  'bytes 4-3/100',
  'bytes 4-5/*',
  `bytes 4-5/${'x'.repeat(5000)}`,
])('a range that cannot be (%.40s) is an error, in a short line', async (range) => {
  stub.answer = () => ({
    ...{ status: 206, body: 'ab' },
    headers: { etag: '"1"', 'content-range': range },
  })
  const driver = await stub.driver()
  const read = driver.reader('/a', { offset: 5 }).then(collect)
  const error = await read.then(
    () => undefined,
    (thrown: Error) => thrown,
  )
  expect(error).toMatchObject({ code: 'CONTENT' })
  expect(error?.message.length).toBeLessThan(400)
})

it('a kept tail without a time counts as new: a purge leaves it alone', async () => {
  const untimed = listReply({ keys: ['.stowage/uploads/0'] })
  const body = String(untimed.body).replace(/<LastModified>.*?<\/LastModified>/, '')
  stub.answer = ({ operation }) => {
    if (operation === 'ListMultipartUploads') return uploadsReply()
    return operation === 'ListObjectsV2' ? { body } : { status: 204 }
  }
  await (await stub.driver()).purgeUploads('/', { olderThan: new Date() })
  expect(stub.asked.map(({ operation }) => operation)).toEqual([
    'ListMultipartUploads',
    'ListObjectsV2',
  ])
})
