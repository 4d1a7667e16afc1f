// What becomes of other tools' objects when a directory moves. A stub, because the stores that the tests start hold no such keys.
import { listReply, startStub } from './helpers/stub.ts'

it('a move deletes folder markers at both ends, and takes along what no path can name', async () => {
  const keys = ['dir/', 'dir//x', 'dir/file', 'to/', 'to//old']
  const copied: string[] = []
  const deleted: string[] = []
  const stub = await startStub(({ operation, url, body, headers }) => {
    const key = decodeURIComponent(url.pathname.slice('/b/'.length))
    if (operation === 'ListObjectsV2') {
      const prefix = url.searchParams.get('prefix') ?? ''
      return listReply({ keys: keys.filter((one) => one.startsWith(prefix)), size: '0' })
    }
    if (operation === 'HeadObject') {
      return key.startsWith('to/')
        ? { headers: { 'content-length': '0', etag: '"e"' } }
        : { status: 404 }
    }
    if (operation === 'CopyObject') {
      copied.push(`${decodeURIComponent(String(headers['x-amz-copy-source']))} ${key}`)
      return { body: '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>' }
    }
    if (operation === 'DeleteObject') deleted.push(key)
    for (const [, one = ''] of body.toString().matchAll(/<Key>(.*?)<\/Key>/g)) deleted.push(one)
    return operation === 'DeleteObjects' ? { body: '<DeleteResult/>' } : { status: 204 }
  })
  try {
    await (await stub.driver()).move('/dir', '/to')
    expect(new Set(copied)).toEqual(new Set(['b/dir//x to//x', 'b/dir/file to/file']))
    expect(deleted).toEqual(['to//old', 'to/', 'dir//x', 'dir/file', 'dir/'])
  } finally {
    await stub[Symbol.asyncDispose]()
  }
})
