// What `npm start` shows: the main job on a local directory, with this clone as the real input. It says what it
// does, checks every byte, cleans up also when it is interrupted, and ends with 0 only if all of it was right.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Limiter } from '../../packages/core/dist/driver.js'
import { compareKeys, create, entryKey } from '../../packages/core/dist/index.js'
import { uploadFile } from '../../packages/core/dist/transfer.js'
import '../../packages/driver-fs/dist/index.js'
import { pattern } from './data.mjs'
import { Bar, bytes, duration, rate, say, step, tell } from './show.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LEFT_OUT = ['node_modules', '.git', '.toolchain', 'dist', '.turbo', 'coverage']
const BIG = 64 * 1024 * 1024
const BIG_PATH = '/uploads/big.bin'
const AT_A_TIME = 8

const temporary = await realpath(await mkdtemp(join(tmpdir(), 'stowage-demo-')))
const rootDirectory = join(temporary, 'storage')
/** The process that uploads at the moment. */
let uploader

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => {
    uploader?.kill('SIGKILL')
    rmSync(temporary, { recursive: true, force: true })
    say(`\nInterrupted; ${temporary} is removed.`)
    process.exit(code)
  })
}

try {
  await demonstrate()
} catch (error) {
  process.exitCode = 1
  say(`\nFAILED: ${error.message}`)
  say('Nothing was left behind. With DEBUG=1 in the environment it says where.')
  if (process.env.DEBUG) console.error(error)
} finally {
  uploader?.kill('SIGKILL')
  await rm(temporary, { recursive: true, force: true })
}

async function demonstrate() {
  const started = performance.now()
  say('Stowage keeps files behind one small interface, whatever is underneath.')
  say('Here it is a local directory, and what goes in is this clone (without what was')
  say(`installed or built). The directory is ${rootDirectory}`)
  const storage = await create('fs', { rootDirectory })
  const originals = await storeTree(storage)
  await listAndWalk(storage, originals)
  await readFromOffset(storage)
  await interruptAndResume(storage)
  await move(storage)
  const read = await verify(storage, originals)
  await remove(storage)
  await storage.close()
  conclude(originals, read, performance.now() - started)
}

/** @returns by path what was stored: its file, size and SHA-256. */
async function storeTree(storage) {
  step(1, 'Store a tree of files, several at a time')
  const files = []
  for await (const file of filesOf(root)) {
    const info = await stat(file).catch(ifGone)
    if (info) files.push({ file, size: info.size })
  }
  const total = sum(files)
  const originals = new Map()
  const limiter = new Limiter(AT_A_TIME)
  const started = performance.now()
  const bar = new Bar(total, `${files.length} files`)
  await Promise.all(
    files.map(({ file }) =>
      limiter.run(async () => {
        const path = `/clone/${relative(root, file).split(sep).join('/')}`
        const stored = await uploadFile(storage, path, file).catch(ifGone)
        if (stored === undefined) return
        originals.set(path, { file, size: stored.bytes, sha256: stored.sha256 })
        bar.add(stored.bytes)
      }),
    ),
  )
  bar.end()
  const time = performance.now() - started
  tell(
    `${originals.size} files, ${bytes(sum([...originals.values()]))} in ${duration(time)} (${rate(total, time)}),`,
  )
  tell('each flushed to the disk before it became visible')
  return originals
}

/** Somebody may be working in the clone: what has vanished since it was listed is left out. */
function ifGone(error) {
  if (error.code !== 'ENOENT') throw error
}

async function* filesOf(directory) {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (LEFT_OUT.includes(entry.name)) continue
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* filesOf(path)
    else if (entry.isFile()) yield path
  }
}

async function listAndWalk(storage, originals) {
  step(2, 'List and walk')
  const children = []
  for await (const path of storage.list('/clone')) children.push(path.slice('/clone/'.length))
  tell(`list  /clone has ${children.length} entries: ${children.slice(0, 3).join(', ')} ...`)
  const found = []
  let directories = 0
  let last = ''
  for await (const entry of storage.walk('/clone')) {
    assert.ok(compareKeys(last, entryKey(entry)) < 0, `${entry.path} comes too late in the walk`)
    last = entryKey(entry)
    if (entry.isDir) directories++
    else found.push(entry)
  }
  tell(
    `walk  ${found.length} files in ${directories} directories, in the byte order of their names`,
  )
  assert.deepEqual(
    new Set(found.map(({ path }) => path)),
    new Set(originals.keys()),
    'the walk does not find exactly what was stored',
  )
}

async function readFromOffset(storage) {
  step(3, 'Read from an offset')
  const [offset, length] = [400, 300]
  const parts = []
  for await (const part of await storage.reader('/clone/README.md', { offset, length })) {
    parts.push(part)
  }
  const original = readFileSync(join(root, 'README.md')).subarray(offset, offset + length)
  assert.ok(Buffer.concat(parts).equals(original), 'the bytes read from an offset are others')
  tell(`${length} bytes of README.md from byte ${offset} on: as in the original`)
}

async function interruptAndResume(storage) {
  step(4, 'Kill a process in the middle of a large upload, go on in another one')
  const bar = new Bar(BIG, 'of one upload')
  const first = await upload(bar, (at) => at < BIG * 0.6)
  bar.pause()
  assert.equal(first.signal, 'SIGKILL', 'the first process was to be killed')
  tell(`process ${first.pid} was killed (SIGKILL) after ${bytes(first.at)} of ${bytes(BIG)}`)
  await assert.rejects(storage.stat(BIG_PATH), { code: 'PATH_NOT_FOUND' })
  tell('nothing is visible at its path, as it was not committed')
  const second = await upload(bar, () => true)
  bar.end()
  assert.equal(second.code, 0, 'the second process failed')
  assert.ok(
    second.begin > 0 && second.begin <= first.at,
    'the upload did not go on, but began anew',
  )
  tell(
    `process ${second.pid} went on after ${bytes(second.begin)} and committed ${bytes(second.at)}`,
  )
}

/** Runs an uploading process as long as `goOn` says so, then kills it. */
async function upload(bar, goOn) {
  const script = fileURLToPath(new URL('./upload.mjs', import.meta.url))
  uploader = fork(script, [rootDirectory, BIG_PATH, String(BIG)])
  const child = uploader
  const result = { pid: child.pid, begin: 0, at: 0 }
  child.on('message', ({ type, at }) => {
    if (type === 'begin') result.begin = at
    result.at = at
    bar.to(at)
    if (goOn(at)) child.send('go on')
    else child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'exit')
  uploader = undefined
  return { ...result, code, signal }
}

async function move(storage) {
  step(5, 'Move the whole tree')
  const started = performance.now()
  await storage.move('/clone', '/archive/clone')
  tell(`/clone is now /archive/clone, in one step of ${duration(performance.now() - started)}`)
  await assert.rejects(storage.stat('/clone'), { code: 'PATH_NOT_FOUND' })
}

/** @returns how many bytes were read. */
async function verify(storage, originals) {
  step(6, 'Read everything back and compare SHA-256 checksums with the originals')
  const total = sum([...originals.values()]) + BIG
  const started = performance.now()
  const bar = new Bar(total, `${originals.size + 1} files`)
  const limiter = new Limiter(AT_A_TIME)
  const check = async (path, expected) => {
    const actual = await checksum(await storage.reader(path), bar)
    assert.equal(actual, expected, `${path} differs from the original`)
  }
  await Promise.all(
    [...originals].map(([path, { sha256 }]) => limiter.run(() => check(`/archive${path}`, sha256))),
  )
  await check(BIG_PATH, await checksum(bigOriginal()))
  bar.end()
  const time = performance.now() - started
  tell(`${originals.size + 1} of ${originals.size + 1} files are equal, byte for byte`)
  tell(`${bytes(total)} read in ${duration(time)} (${rate(total, time)})`)
  return total
}

async function checksum(source, bar) {
  const hash = createHash('sha256')
  for await (const part of source) {
    hash.update(part)
    bar?.add(part.length)
  }
  return hash.digest('hex')
}

function* bigOriginal() {
  for (let at = 0; at < BIG; at += 1024 * 1024) yield pattern(at, 1024 * 1024)
}

async function remove(storage) {
  step(7, 'Delete')
  await storage.delete('/archive')
  await storage.delete('/uploads')
  const olderThan = new Date(Date.now() + 60_000)
  assert.deepEqual(await storage.purgeUploads('/', { olderThan, dryRun: true }), [])
  const left = []
  for await (const file of filesOf(rootDirectory)) left.push(file)
  assert.deepEqual(left, [], 'files are left in the directory')
  tell('no file is left, visible or not, and no unfinished upload')
}

function conclude(originals, read, time) {
  const files = originals.size + 1
  const stored = bytes(sum([...originals.values()]) + BIG)
  say(`\nDone in ${duration(time)}: ${files} files (${stored}) stored, ${bytes(read)} read back`)
  say('and verified, moved and deleted. The temporary directory is removed.')
  say(`
What to type next (npm's own lines go away with --silent):

  npm start --silent -- --help
  npm start --silent -- put -r docs fs:///tmp/my-storage#/docs
  npm start --silent -- tree fs:///tmp/my-storage
  npm start --silent -- verify ./docs fs:///tmp/my-storage#/docs
  npm test

README.md shows how to use it in a program,
docs/writing-a-driver.md how to write a driver.`)
}

function sum(list) {
  return list.reduce((total, { size }) => total + size, 0)
}
