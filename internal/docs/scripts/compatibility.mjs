// Runs the published suite, by the command's `conformance --report`, on every storage that this machine can offer, and
// makes docs/conformance/*.json and docs/compatibility.md of the reports:
//   npm run pnpm -- --filter @stowage-internal/docs compatibility [NAME ...]
// With names only those run, and the other reports stay as they are. It takes some ten minutes.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { release, tmpdir, type } from 'node:os'
import { join } from 'node:path'
import { startAzurite, startGcs, startS3 } from '@stowage-internal/test-servers'
import { serviceAccount } from '../../../packages/driver-gcs/test/helpers/keys.ts'
import { SERVER_LIMITS as GCS_LIMITS } from '../../../packages/driver-gcs/test/helpers/server-limits.ts'
import { SMALL as GCS_SMALL } from '../../../packages/driver-gcs/test/helpers/storages.ts'
import { SERVER_LIMITS as S3_LIMITS } from '../../../packages/driver-s3/test/helpers/server-limits.ts'
import { PART, parametersFor } from '../../../packages/driver-s3/test/helpers/storages.ts'
import { compatibilityPage } from '../src/compatibility.ts'
import { root } from '../src/markdown.ts'

const FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']
const COMMAND = join(root, 'packages/cli/src/main.ts')
const REPORTS = join(root, 'docs/conformance')
const BUCKET = 'compatibility'
/** What is asked is whether it works, not how fast. */
const PATIENCE = ['--timeout', '5m']

/** Everything that can be tested here: an id, names for readers, and how it is opened. */
async function targets(work) {
  const local = [
    { id: 'memory', name: 'memory', storage: 'inmemory:' },
    {
      id: 'filesystem',
      name: 'a local directory',
      storage: `fs://${join(work, 'fs')}`,
      server: `${type()} ${release().split('-')[0]}`,
    },
    {
      id: 'sqlite',
      name: 'a SQLite file (example)',
      storage: `sqlite://${work}/{}.db`,
      more: ['--import', join(root, 'examples/driver-sqlite/src/index.ts'), '--part-size', '256k'],
    },
  ]
  return [...local, ...(await s3()), ...(await azure()), ...(await gcs())]
}

async function s3() {
  return (await startS3()).map((server) => ({
    id: server.name,
    name: server.name,
    server: `${server.name} ${server.version}`,
    running: server,
    section: async () => ({ s3: parametersFor(server, await server.createBucket(BUCKET)) }),
    more: ['--part-size', String(PART), '--concurrency', '4'],
    limits: S3_LIMITS[server.name],
  }))
}

async function azure() {
  const server = await startAzurite()
  if (server === undefined) return []
  const section = async () => {
    const container = await server.createContainer(BUCKET)
    const { accountName, accountKey, endpoint } = server
    const small = { blockSize: 64 * 1024, pageSize: 50 }
    return { azure: { accountName, accountKey, serviceURL: endpoint, container, ...small } }
  }
  const more = ['--part-size', '64k', '--concurrency', '4']
  const server_ = `azurite ${server.version}`
  return [{ id: 'azurite', name: 'azurite', server: server_, running: server, section, more }]
}

async function gcs() {
  return (await startGcs()).map((server) => ({
    id: server.name,
    name: server.name,
    server: `${server.name} ${server.version}`,
    running: server,
    section: async () => {
      const bucket = await server.createBucket(BUCKET)
      // To sign URLs with; these servers ask for no token.
      const signing = { credentials: serviceAccount(), anonymous: true }
      return { gcs: { bucket, endpoint: server.endpoint, ...GCS_SMALL, ...signing } }
    },
    more: [
      ...['--part-size', String(GCS_SMALL.chunkSize)],
      ...['--concurrency', server.quirks.has('no-concurrency') ? '1' : '4'],
    ],
    limits: GCS_LIMITS[server.name],
  }))
}

/** Runs the suite on one of them and keeps its report. */
async function test(target, work) {
  const { id, name, server, limits = {}, more = [] } = target
  const folder = join(work, `report-${id}`)
  const config = join(work, `${id}.json`)
  const section = (await target.section?.()) ?? target.storage
  await writeFile(config, JSON.stringify({ storages: { target: section } }))
  const skips = Object.entries(limits).flatMap(([one, why]) => ['--skip', `${one}=${why}`])
  const about = ['--name', name, ...(server ? ['--server', server] : [])]
  const args = [
    'conformance',
    'target',
    '--config',
    config,
    '--report',
    folder,
    ...about,
    ...PATIENCE,
  ]
  const child = spawn(process.execPath, [...FLAGS, COMMAND, ...args, ...more, ...skips], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: work,
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  console.log(said.trim().split('\n').at(-1))
  if (code !== 0)
    console.log(
      said
        .split('\n')
        .filter((line) => line.startsWith('FAILED '))
        .join('\n'),
    )
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))
  await mkdir(REPORTS, { recursive: true })
  await writeFile(join(REPORTS, `${id}.json`), `${JSON.stringify(report)}\n`)
}

const wanted = process.argv.slice(2)
const work = await mkdtemp(join(tmpdir(), 'stowage-compatibility-'))
try {
  for (const target of await targets(work)) {
    if (wanted.length > 0 && !wanted.includes(target.id)) continue
    try {
      await test(target, work)
    } finally {
      await target.running?.stop()
    }
  }
  await writeFile(join(root, 'docs/compatibility.md'), compatibilityPage())
} finally {
  await rm(work, { recursive: true, force: true })
}
