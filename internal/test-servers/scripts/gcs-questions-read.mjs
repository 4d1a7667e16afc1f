// The second half of gcs-matrix.mjs's questions: reading, copying, listing, names.
import * as m from './gcs-client.mjs'

const { ask, asJson, bucket, enc, get, list, meta, multipart, must, names, object } = m
const { put, question: q, remove, same, thousand } = m
const gen = async (name) => must(await meta(name), 200).json.generation
const wrong = '1111111111111111'
const rewrite = (from, to, query = {}, verb = 'rewriteTo') =>
  ask('POST', `${object(from)}/${verb}/b/${bucket}/o/${enc(to)}`, { query, ...asJson({}) })

await q('read: range 206 with Content-Range', async () => {
  await put('b', thousand)
  const reply = must(await get('b', { range: 'bytes=10-19' }), 206)
  same(reply.headers.get('content-range'), 'bytes 10-19/1000')
  same(reply.bytes.equals(thousand.subarray(10, 20)), true)
})
await q('read: open range', async () => {
  same(
    must(await get('b', { range: 'bytes=990-' }), 206).bytes.equals(thousand.subarray(990)),
    true,
  )
})
await q('read: suffix range', async () => {
  same(must(await get('b', { range: 'bytes=-5' }), 206).bytes.equals(thousand.subarray(995)), true)
})
await q('read: range beyond the end is cut', async () => {
  same(must(await get('b', { range: 'bytes=900-5000' }), 206).bytes.length, 100)
})
await q('read: range starting at the end 416', async () => {
  must(await get('b', { range: 'bytes=1000-' }), 416)
})
await q('read: range starting after the end 416', async () => {
  must(await get('b', { range: 'bytes=2000-2001' }), 416)
})
await q('read: range of an empty object 416', async () => {
  await put('nothing', Buffer.alloc(0))
  must(await get('nothing', { range: 'bytes=0-' }), 416)
})
await q('read: x-goog-hash and x-goog-generation on a whole download', async () => {
  const { headers } = must(await get('b'), 200)
  const hashes = headers.get('x-goog-hash') ?? ''
  if (!hashes.includes(`crc32c=${m.crc32c(thousand)}`)) throw new Error(`x-goog-hash: ${hashes}`)
  same(headers.get('x-goog-generation'), await gen('b'))
})
await q('read: /download/storage/v1 too', async () => {
  const reply = must(await ask('GET', `/download${object('b')}`, { query: { alt: 'media' } }), 200)
  same(reply.bytes.equals(thousand), true)
})
await q('read: missing object 404, error as JSON with a reason for metadata', async () => {
  must(await get('none'), 404)
  const { json } = must(await meta('none'), 404)
  same([json?.error?.code, json?.error?.errors?.[0]?.reason], [404, 'notFound'])
})
await q('read: XML API path /BUCKET/NAME, as in signed URLs', async () => {
  same(must(await ask('GET', `/${bucket}/b`), 200).bytes.equals(thousand), true)
})
await q('write: PUT to the XML API path', async () => {
  must(await ask('PUT', `/${bucket}/by-xml`, { body: thousand }), 200)
  same((await get('by-xml')).bytes.equals(thousand), true)
})
await q('read: HEAD of the XML API path', async () => {
  const { headers } = must(await ask('HEAD', `/${bucket}/b`), 200)
  same(headers.get('content-length'), '1000')
})

await q('rewrite: content and metadata', async () => {
  await multipart('src', thousand, { contentType: 'x/y', metadata: { k: 'v' } })
  const { json } = must(await rewrite('src', 'dst'), 200)
  same([json.done, json.resource?.name, json.objectSize], [true, 'dst', '1000'])
  const copy = (await meta('dst')).json
  same([copy.contentType, copy.metadata], ['x/y', { k: 'v' }])
  same((await get('dst')).bytes.equals(thousand), true)
})
await q('rewrite: missing source 404', async () => void must(await rewrite('none', 'x'), 404))
await q('rewrite: ifGenerationMatch=0 on an existing destination 412', async () => {
  must(await rewrite('src', 'dst', { ifGenerationMatch: 0 }), 412)
})
await q('rewrite: ifSourceGenerationMatch, wrong 412 and right 200', async () => {
  must(await rewrite('src', 'dst2', { ifSourceGenerationMatch: wrong }), 412)
  must(await rewrite('src', 'dst2', { ifSourceGenerationMatch: await gen('src') }), 200)
})
await q('rewrite: onto itself', async () => {
  must(await rewrite('src', 'src'), 200)
  same((await get('src')).bytes.equals(thousand), true)
})
await q('copyTo: content', async () => {
  must(await rewrite('src', 'dst3', {}, 'copyTo'), 200)
  same((await get('dst3')).bytes.equals(thousand), true)
})
await q('copyTo: ifGenerationMatch=0 on an existing destination 412', async () => {
  must(await rewrite('src', 'dst3', { ifGenerationMatch: 0 }, 'copyTo'), 412)
})
await q('moveTo: renames in one step', async () => {
  await put('mv', thousand)
  must(await ask('POST', `${object('mv')}/moveTo/o/${enc('mv2')}`, asJson({})), 200)
  must(await meta('mv'), 404)
  same((await get('mv2')).bytes.equals(thousand), true)
})
await q('compose: parts in order', async () => {
  await put('p1', 'one')
  await put('p2', 'two')
  const sources = { sourceObjects: [{ name: 'p1' }, { name: 'p2' }] }
  must(await ask('POST', `${object('joined')}/compose`, asJson(sources)), 200)
  same((await get('joined')).bytes.toString(), 'onetwo')
})
await q('compose: ifGenerationMatch=0 on an existing destination 412', async () => {
  const sources = { sourceObjects: [{ name: 'p1' }, { name: 'p2' }] }
  const query = { ifGenerationMatch: 0 }
  must(await ask('POST', `${object('joined')}/compose`, { query, ...asJson(sources) }), 412)
})
await q('compose: 33 sources 400', async () => {
  const sources = { sourceObjects: Array.from({ length: 33 }, () => ({ name: 'p1' })) }
  must(await ask('POST', `${object('too-many')}/compose`, asJson(sources)), 400)
})
await q('delete: 204', async () => {
  await put('gone', 'x')
  must(await remove('gone'), 204)
})
await q('delete: missing object 404', async () => void must(await remove('none'), 404))
await q('batch: three deletes in one request', async () => {
  for (const name of ['x1', 'x2']) await put(name, 'x')
  const part = (name, id) =>
    `--line\r\ncontent-type: application/http\r\ncontent-id: <${id}>\r\n\r\nDELETE ${object(name)} HTTP/1.1\r\n\r\n\r\n`
  const body = `${part('x1', 1)}${part('x2', 2)}${part('none', 3)}--line--\r\n`
  const headers = { 'content-type': 'multipart/mixed; boundary=line' }
  const reply = must(await ask('POST', '/batch/storage/v1', { headers, body }), 200)
  const codes = [...reply.bytes.toString().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code)
  same(
    codes.map((code) => code.replace('200', '204')),
    ['204', '204', '404'],
  )
})

const many = Array.from({ length: 1100 }, (_, i) => `list/${String(i).padStart(5, '0')}`)
await q('list: a page is 1000 at most, the token gives the rest', async () => {
  const rest = [...many]
  const worker = async () => {
    for (let name = rest.pop(); name; name = rest.pop()) must(await put(name, 'x'), 200)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  const first = must(await list({ prefix: 'list/' }), 200)
  same(names(first).length, 1000)
  const second = await list({ prefix: 'list/', pageToken: first.json.nextPageToken })
  same([...names(first), ...names(second)], many)
  same(second.json.nextPageToken, undefined)
})
await q('list: maxResults=7', async () => {
  const seen = []
  let pageToken = ''
  do {
    const page = must(
      await list({ prefix: 'list/0000', maxResults: 7, ...(pageToken && { pageToken }) }),
      200,
    )
    if (names(page).length > 7) throw new Error(`${names(page).length} on a page`)
    seen.push(...names(page))
    pageToken = page.json.nextPageToken
  } while (pageToken && seen.length < 100)
  same(seen, many.slice(0, 10))
})
await q('list: startOffset is included, endOffset is not', async () => {
  const page = await list({ prefix: 'list/', startOffset: 'list/00010', endOffset: 'list/00013' })
  same(names(page), many.slice(10, 13))
})
await q('list: delimiter gives prefixes', async () => {
  for (const name of ['h/a/1', 'h/a/2', 'h/b/1', 'h/top']) await put(name, 'x')
  const page = must(await list({ prefix: 'h/', delimiter: '/' }), 200)
  same([page.json.prefixes, names(page)], [['h/a/', 'h/b/'], ['h/top']])
})
await q('list: delimiter with maxResults=1, each entry once', async () => {
  const seen = []
  let pageToken = ''
  for (let pages = 0; pages < 10; pages++) {
    const query = { prefix: 'h/', delimiter: '/', maxResults: 1, ...(pageToken && { pageToken }) }
    const page = must(await list(query), 200)
    seen.push(...(page.json.prefixes ?? []), ...names(page))
    pageToken = page.json.nextPageToken
    if (!pageToken) break
  }
  same(seen, ['h/a/', 'h/b/', 'h/top'])
})
await q('list: delimiter with startOffset', async () => {
  const page = must(await list({ prefix: 'h/', delimiter: '/', startOffset: 'h/b/' }), 200)
  same([page.json.prefixes, names(page)], [['h/b/'], ['h/top']])
})
await q('list: nothing there', async () => {
  const { json } = must(await list({ prefix: 'none/' }), 200)
  same([json.items ?? [], json.prefixes ?? [], json.nextPageToken], [[], [], undefined])
})
await q('list: UTF-8 byte order', async () => {
  const all = ['ord/a', 'ord/B', 'ord/a!', 'ord/a/z', 'ord/é', 'ord/Z', 'ord/😀', 'ord/～']
  for (const name of all) must(await put(name, 'x'), 200)
  same(
    names(await list({ prefix: 'ord/' })),
    all.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y))),
  )
})
await q('list: sees a new object at once', async () => {
  for (let i = 0; i < 20; i++) {
    await put(`now/${i}`, 'x')
    if (!names(await list({ prefix: 'now/' })).includes(`now/${i}`))
      throw new Error(`lacks now/${i}`)
  }
})
const odd = [
  'n/a b+c&d=e',
  'n/é ü/日本',
  'n/%41x',
  'n/a?b#c',
  "n/(x)'*!~",
  'n/a:b@c;d,e',
  'n/a//b',
  'n/dir/',
]
odd.push('n/..hidden', 'n/🎉', 'n/a\\b', 'n/"q"<x>', 'n/x/./y', 'n/x/../y')
await q('names: odd ones are stored, listed and read', async () => {
  const bad = []
  for (const name of odd) {
    const reply = await put(name, name)
    const back = await get(name)
    const listed = names(await list({ prefix: name }))
    if (reply.status !== 200 || reply.json?.name !== name)
      bad.push(`${name}: put ${reply.status} ${reply.json?.name}`)
    else if (back.bytes.toString() !== name) bad.push(`${name}: read ${back.status}`)
    else if (!listed.includes(name)) bad.push(`${name}: listed ${listed}`)
  }
  same(bad, [])
})
await q('names: `p` and `p/q` side by side', async () => {
  await put('pp', '1')
  await put('pp/q', '2')
  same([(await get('pp')).bytes.toString(), (await get('pp/q')).bytes.toString()], ['1', '2'])
})
await q('names: 1024 bytes are fine, a 300-byte segment too', async () => {
  const name = `L/${'x'.repeat(300)}/${'y'.repeat(1024 - 303)}`
  must(await put(name, 'x'), 200)
  must(await meta(name), 200)
})
await q('names: 1025 bytes 400', async () => void must(await put('z'.repeat(1025), 'x'), 400))
await q('bucket: delete while not empty 409', async () => {
  must(await ask('DELETE', `/storage/v1/b/${bucket}`), 409)
})
