// The first half of gcs-matrix.mjs's questions: uploading, preconditions.
import * as m from './gcs-client.mjs'

const { ask, asJson, bucket, chunk, get, KiB, meta, must, object } = m
const { multipart, put, question: q, remove, same, send, session, thousand } = m
const gen = async (name) => must(await meta(name), 200).json.generation
const wrong = '1111111111111111'

await q('bucket: create again 409', async () => {
  must(
    await ask('POST', '/storage/v1/b', { query: { project: 'test' }, ...asJson({ name: bucket }) }),
    409,
  )
})
await q('bucket: get', async () => void must(await ask('GET', `/storage/v1/b/${bucket}`), 200))
await q('bucket: missing 404, on get, list and upload', async () => {
  must(await ask('GET', '/storage/v1/b/no-such-bucket-here'), 404)
  must(await ask('GET', '/storage/v1/b/no-such-bucket-here/o'), 404)
  const query = { uploadType: 'media', name: 'x' }
  must(await ask('POST', '/upload/storage/v1/b/no-such-bucket-here/o', { query, body: 'x' }), 404)
})
await q('no credentials 401', async () => {
  must(await ask('GET', object('private'), { headers: { authorization: '' } }), 401)
})

await q('upload: media, metadata with crc32c, md5, size, generation', async () => {
  const { json } = must(await put('a', thousand), 200)
  same([json.size, json.crc32c, json.md5Hash], ['1000', m.crc32c(thousand), m.md5(thousand)])
  if (!/^\d+$/.test(json.generation)) throw new Error(`generation ${json.generation}`)
  same(json.metageneration, '1')
})
await q('upload: multipart with content type and own metadata', async () => {
  const about = { contentType: 'text/x-thing', metadata: { a: 'b' }, cacheControl: 'max-age=5' }
  must(await multipart('mp', thousand, about), 200)
  const { json } = must(await meta('mp'), 200)
  same([json.contentType, json.metadata, json.cacheControl], Object.values(about))
  same((await get('mp')).bytes.equals(thousand), true)
})
await q('upload: wrong crc32c in the metadata 400', async () => {
  must(await multipart('bad', thousand, { crc32c: 'AAAAAA==' }), 400)
  must(await meta('bad'), 404)
})
await q('upload: wrong md5Hash in the metadata 400', async () => {
  must(await multipart('bad', thousand, { md5Hash: m.md5(chunk) }), 400)
})
await q('upload: wrong x-goog-hash header 400', async () => {
  must(await put('bad', thousand, {}, { 'x-goog-hash': 'crc32c=AAAAAA==' }), 400)
})
await q('upload: empty object', async () => {
  must(await put('empty', Buffer.alloc(0)), 200)
  same([(await meta('empty')).json.size, (await get('empty')).bytes.length], ['0', 0])
})
await q('upload: generation grows with every overwrite', async () => {
  await put('grow', 'one')
  const first = BigInt(await gen('grow'))
  await put('grow', 'two')
  same(BigInt(await gen('grow')) > first, true)
})
await q('upload: 20 at once to one name leave one of them whole', async () => {
  const all = Array.from({ length: 20 }, (_, i) => put('race', Buffer.alloc(50_000, i)))
  for (const reply of await Promise.all(all)) must(reply, 200, 429)
  const { bytes } = await get('race')
  same([bytes.length, bytes.every((byte) => byte === bytes[0])], [50_000, true])
})

await q('resumable: a chunk answers 308 with Range', async () => {
  const at = await session('r1')
  const reply = must(await send(at, `bytes 0-${256 * KiB - 1}/*`, chunk), 308)
  same(reply.headers.get('range'), `bytes=0-${256 * KiB - 1}`)
})
await q('resumable: status before any byte 308 without Range', async () => {
  const reply = must(await send(await session('r2'), 'bytes */*'), 308)
  same(reply.headers.get('range'), null)
})
await q('resumable: status after a chunk 308 with Range', async () => {
  const at = await session('r3')
  await send(at, `bytes 0-${256 * KiB - 1}/*`, chunk)
  const reply = must(await send(at, 'bytes */*'), 308)
  same(reply.headers.get('range'), `bytes=0-${256 * KiB - 1}`)
  must(await meta('r3'), 404)
})
await q('resumable: chunks, then the last with its total, 200 and the metadata', async () => {
  const at = await session('r4', { metadata: { contentType: 'x/y', metadata: { k: 'v' } } })
  await send(at, `bytes 0-${256 * KiB - 1}/*`, chunk)
  const end = 256 * KiB + 1000
  const { json } = must(await send(at, `bytes ${256 * KiB}-${end - 1}/${end}`, thousand), 200, 201)
  same(
    [json.name, json.size, json.contentType, json.metadata],
    ['r4', String(end), 'x/y', { k: 'v' }],
  )
  same(json.crc32c, m.crc32c(Buffer.concat([chunk, thousand])))
  same((await get('r4')).bytes.equals(Buffer.concat([chunk, thousand])), true)
})
await q('resumable: status after the end 200 and the metadata', async () => {
  const at = await session('r4b')
  must(await send(at, 'bytes 0-999/1000', thousand), 200, 201)
  same(must(await send(at, 'bytes */*'), 200, 201).json?.name, 'r4b')
})
await q('resumable: all chunks open-ended, then `bytes */TOTAL` finishes', async () => {
  const at = await session('r5')
  await send(at, `bytes 0-${256 * KiB - 1}/*`, chunk)
  must(await send(at, `bytes */${256 * KiB}`), 200, 201)
  same((await get('r5')).bytes.equals(chunk), true)
})
await q('resumable: an empty object by `bytes */0`', async () => {
  must(await send(await session('r6'), 'bytes */0'), 200, 201)
  same((await meta('r6')).json.size, '0')
})
await q('resumable: one PUT of everything without Content-Range', async () => {
  must(await ask('PUT', await session('r7'), { body: thousand }), 200, 201)
  same((await get('r7')).bytes.equals(thousand), true)
})
await q('resumable: bytes sent twice are stored once', async () => {
  const at = await session('r8')
  await send(at, `bytes 0-${256 * KiB - 1}/*`, chunk)
  const both = Buffer.concat([chunk, chunk])
  must(await send(at, `bytes 0-${both.length - 1}/${both.length}`, both), 200, 201)
  same((await get('r8')).bytes.equals(both), true)
})
await q('resumable: a gap is not accepted', async () => {
  const at = await session('r9')
  const reply = await send(at, `bytes ${512 * KiB}-${768 * KiB - 1}/*`, chunk)
  if (reply.status < 400) throw new Error(`answered ${m.show(reply)}`)
})
await q('resumable: after a cut connection the status tells where to go on', async () => {
  const at = new URL(await session('r10'))
  const size = 768 * KiB
  await new Promise((resolve, reject) => {
    const socket = m.connect(Number(at.port), at.hostname, () => {
      socket.write(
        `PUT ${at.pathname}${at.search} HTTP/1.1\r\nhost: ${at.host}\r\nauthorization: Bearer test\r\n` +
          `content-length: ${size}\r\ncontent-range: bytes 0-${size - 1}/${size}\r\n\r\n`,
      )
      socket.write(Buffer.concat([chunk, thousand]), () => socket.destroy())
    })
    socket.once('error', reject).once('close', resolve)
  })
  const status = must(await send(at.href, 'bytes */*'), 308)
  const have = Number(/-(\d+)$/.exec(status.headers.get('range') ?? '')?.[1] ?? -1) + 1
  const whole = Buffer.concat([chunk, thousand, chunk, chunk, chunk]).subarray(0, size)
  must(await send(at.href, `bytes ${have}-${size - 1}/${size}`, whole.subarray(have)), 200, 201)
  same((await get('r10')).bytes.equals(whole), true)
  return `had kept ${have}`
})
await q('resumable: DELETE of the session 499, then it is gone', async () => {
  const at = await session('r11')
  await send(at, `bytes 0-${256 * KiB - 1}/*`, chunk)
  must(await ask('DELETE', at, { headers: { 'content-length': '0' } }), 499)
  const after = await send(at, 'bytes */*')
  if (![404, 410, 499].includes(after.status)) throw new Error(`then ${m.show(after)}`)
})
await q('resumable: an unknown session 404 or 410', async () => {
  const at = new URL(await session('r12'))
  at.searchParams.set('upload_id', 'no-such-session')
  must(await send(at.href, 'bytes */*'), 404, 410)
})
await q('resumable: two sessions of one name do not mix, the last to finish stays', async () => {
  const [one, two] = [await session('r13'), await session('r13')]
  await send(one, `bytes 0-${256 * KiB - 1}/*`, chunk)
  must(await send(two, 'bytes 0-999/1000', thousand), 200, 201)
  must(await send(one, `bytes */${256 * KiB}`), 200, 201)
  same((await get('r13')).bytes.equals(chunk), true)
})
await q('resumable: wrong crc32c in the session’s metadata 400 at the end', async () => {
  const at = await session('r14', { metadata: { crc32c: 'AAAAAA==' } })
  must(await send(at, 'bytes 0-999/1000', thousand), 400)
})

await q('ifGenerationMatch=0: upload of an existing name 412', async () => {
  must(await put('a', 'x', { ifGenerationMatch: 0 }), 412)
  same((await get('a')).bytes.equals(thousand), true)
})
await q('ifGenerationMatch=0: upload of a new name', async () => {
  must(await put('fresh', 'x', { ifGenerationMatch: 0 }), 200)
})
await q('ifGenerationMatch=0: multipart upload of an existing name 412', async () => {
  must(await multipart('a', Buffer.from('x'), {}, { ifGenerationMatch: 0 }), 412)
})
await q('ifGenerationMatch: upload, wrong 412 and right 200', async () => {
  await put('c', '1')
  must(await put('c', '2', { ifGenerationMatch: wrong }), 412)
  must(await put('c', '2', { ifGenerationMatch: await gen('c') }), 200)
})
await q('ifGenerationMatch=0: resumable, existing name 412', async () => {
  const reply = await ask('POST', `/upload/storage/v1/b/${bucket}/o`, {
    query: { uploadType: 'resumable', name: 'a', ifGenerationMatch: 0 },
    ...asJson({ name: 'a' }),
  })
  if (reply.status === 412) return 'when the session starts'
  must(await send(reply.headers.get('location'), 'bytes 0-999/1000', thousand), 412)
  return 'when it ends'
})
await q('ifGenerationMatch=0: resumable, name taken meanwhile 412 at the end', async () => {
  const at = await session('late', { query: { ifGenerationMatch: 0 } })
  await put('late', 'first')
  must(await send(at, 'bytes 0-999/1000', thousand), 412)
  same((await get('late')).bytes.toString(), 'first')
})
await q('ifGenerationMatch: get of metadata, wrong 412 and right 200', async () => {
  must(await meta('a', { ifGenerationMatch: wrong }), 412)
  must(await meta('a', { ifGenerationMatch: await gen('a') }), 200)
})
await q('ifGenerationMatch: media download, wrong 412', async () => {
  must(await get('a', {}, { ifGenerationMatch: wrong }), 412)
})
await q('ifGenerationNotMatch: get, same generation 304', async () => {
  must(await meta('a', { ifGenerationNotMatch: await gen('a') }), 304)
})
await q('ifGenerationMatch: delete, wrong 412 and the right one deletes', async () => {
  await put('d', '1')
  must(await remove('d', { ifGenerationMatch: wrong }), 412)
  must(await meta('d'), 200)
  must(await remove('d', { ifGenerationMatch: await gen('d') }), 200, 204)
  must(await meta('d'), 404)
})
await q('ifMetagenerationMatch: patch, wrong 412', async () => {
  const change = asJson({ metadata: { n: 'w' } })
  must(await ask('PATCH', object('a'), { query: { ifMetagenerationMatch: 99 }, ...change }), 412)
})
await q('patch: metadata changes, metageneration grows, content stays', async () => {
  must(await ask('PATCH', object('a'), asJson({ metadata: { n: 'w' } })), 200)
  const { json } = await meta('a')
  same([json.metadata, Number(json.metageneration) > 1], [{ n: 'w' }, true])
  same((await get('a')).bytes.equals(thousand), true)
})
await q('generation: media of an exact generation, 404 once replaced', async () => {
  await put('g', 'one')
  const first = await gen('g')
  must(await get('g', {}, { generation: first }), 200)
  await put('g', 'two')
  must(await get('g', {}, { generation: first }), 404)
})
