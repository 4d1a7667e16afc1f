// What the questions of gcs-matrix.mjs share: requests over plain HTTP, expectations, the count.
import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'

const [endpoint, only = ''] = process.argv.slice(2)
if (!endpoint) {
  console.error('usage: node scripts/gcs-matrix.mjs ENDPOINT [TEXT]')
  process.exit(2)
}

const bucket = `matrix-${randomBytes(4).toString('hex')}`
const KiB = 1024
const chunk = randomBytes(256 * KiB)
const thousand = randomBytes(1000)
const enc = encodeURIComponent
const object = (name, b = bucket) => `/storage/v1/b/${b}/o/${enc(name)}`

/** One request; `json` and `body` are there for the looking. A server that hangs counts as a failure. */
async function ask(method, path, { query = {}, headers = {}, body } = {}) {
  const url = new URL(path.startsWith('http') ? path : endpoint + path)
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, String(value))
  const reply = await fetch(url, {
    method,
    headers: { authorization: 'Bearer test', ...headers },
    body: method === 'GET' || method === 'HEAD' ? undefined : body,
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
  })
  const bytes = Buffer.from(await reply.arrayBuffer())
  let json
  try {
    json = JSON.parse(bytes.toString())
  } catch {}
  return { status: reply.status, headers: reply.headers, bytes, json }
}

const asJson = (value) => ({
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json' },
})
const put = (name, body, query = {}, headers = {}) =>
  ask('POST', `/upload/storage/v1/b/${bucket}/o`, {
    query: { uploadType: 'media', name, ...query },
    headers: { 'content-type': 'application/octet-stream', ...headers },
    body,
  })
const get = (name, headers = {}, query = {}) =>
  ask('GET', object(name), { query: { alt: 'media', ...query }, headers })
const meta = (name, query = {}) => ask('GET', object(name), { query })
const list = (query = {}) => ask('GET', `/storage/v1/b/${bucket}/o`, { query })
const remove = (name, query = {}) => ask('DELETE', object(name), { query })
const names = (reply) => (reply.json?.items ?? []).map((item) => item.name)

function multipart(name, body, metadata = {}, query = {}) {
  const line = 'frontier-of-parts'
  const head =
    `--${line}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name, ...metadata })}\r\n` +
    `--${line}\r\ncontent-type: ${metadata.contentType ?? 'application/octet-stream'}\r\n\r\n`
  return ask('POST', `/upload/storage/v1/b/${bucket}/o`, {
    query: { uploadType: 'multipart', ...query },
    headers: { 'content-type': `multipart/related; boundary=${line}` },
    body: Buffer.concat([Buffer.from(head), body, Buffer.from(`\r\n--${line}--\r\n`)]),
  })
}

async function session(name, { metadata = {}, query = {}, headers = {} } = {}) {
  const reply = await ask('POST', `/upload/storage/v1/b/${bucket}/o`, {
    query: { uploadType: 'resumable', name, ...query },
    ...asJson({ name, ...metadata }),
    headers: { 'content-type': 'application/json', ...headers },
  })
  const location = reply.headers.get('location')
  if (!location) throw new Error(`no session: ${show(reply)}`)
  return location
}
const send = (location, range, body = Buffer.alloc(0), headers = {}) =>
  ask('PUT', location, { headers: { 'content-range': range, ...headers }, body })

function crc32c(bytes) {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  const out = Buffer.alloc(4)
  out.writeUInt32BE(~crc >>> 0)
  return out.toString('base64')
}
const md5 = (bytes) => createHash('md5').update(bytes).digest('base64')

const show = (reply) =>
  `${reply.status} ${['range', 'content-range'].map((name) => reply.headers.get(name) ?? '').join(' ')} ${reply.bytes
    .subarray(0, 120)
    .toString('latin1')
    .replaceAll(/[^!-~]+/g, ' ')}`.trim()
/** The reply must have this status; anything else is shown. */
function must(reply, ...statuses) {
  if (!statuses.includes(reply.status)) throw new Error(`answered ${show(reply)}`)
  return reply
}
function same(actual, wanted) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`${a}, not ${b}`.slice(0, 300))
}

const total = { yes: 0, no: 0 }
async function question(text, answer) {
  if (!text.includes(only) && text !== 'bucket: create') return
  try {
    const note = await answer()
    total.yes++
    console.log(`+ ${text}${note ? ` (${note})` : ''}`)
  } catch (error) {
    total.no++
    console.log(`- ${text}: ${error.cause?.code ?? ''} ${error.message}`)
  }
}

export {
  asJson,
  ask,
  bucket,
  chunk,
  connect,
  crc32c,
  enc,
  get,
  KiB,
  list,
  md5,
  meta,
  multipart,
  must,
  names,
  object,
  put,
  question,
  remove,
  same,
  send,
  session,
  show,
  thousand,
  total,
}
