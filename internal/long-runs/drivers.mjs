// The drivers that the long runs try, each on a backend of its own that is started for them. What needs the sources of the
// packages is run again with the condition that finds them.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']

/** Runs the script again where the sources cannot be found yet; true: that has been done. */
export function runAgain(script) {
  if (process.execArgv.includes(FLAGS[0])) return false
  const args = [...FLAGS, script, ...process.argv.slice(2)]
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
  return true
}

/** The names of the drivers. */
export const DRIVERS = ['fs', 's3', 'azure', 'gcs']

const openers = {
  async fs() {
    const { create } = await import('../../packages/core/src/index.ts')
    await import('../../packages/driver-fs/src/index.ts')
    const folder = mkdtempSync(join(tmpdir(), 'stowage-soak-'))
    return {
      options: {
        name: 'fs',
        create: (storage) => create('filesystem', { rootDirectory: join(folder, storage) }),
      },
      end: () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  async s3(server) {
    // In memory Ceph has room for 8 GiB, with the parts of aborted uploads that it keeps for hours; then it stands still.
    process.env.STOWAGE_TEST_CEPH_STORE ??= 'bluestore'
    const end = await servers(['s3'])
    const { oneServer } = await import('../../packages/driver-s3/test/helpers/world.ts')
    const { faultOptions } = await import('../../packages/driver-s3/test/helpers/faulty.ts')
    const found = await oneServer('faults', server)
    if (!found) throw new Error('no S3 server runs here: .ci/install-servers')
    return { options: await faultOptions(found), end }
  },
  async azure() {
    const end = await servers(['azurite'])
    const { faultOptions } = await import('../../packages/driver-azure/test/helpers/faulty.ts')
    return { options: faultOptions, end }
  },
  async gcs(_server, { apart }) {
    const { create, faultOptions } = await import(
      '../../packages/driver-gcs/test/helpers/faulty.ts'
    )
    const options = await faultOptions()
    if (!apart) return { options, end: () => options[Symbol.asyncDispose]() }
    // What the fake keeps would be taken for the driver's.
    const { startFake } = await import('../../packages/driver-gcs/test/helpers/storages.ts')
    await options[Symbol.asyncDispose]()
    const fake = await startFake('faults')
    const upstream = fake.parameters.endpoint
    return { options: { ...options, create, upstream }, end: () => fake[Symbol.asyncDispose]() }
  },
}

async function servers(kinds) {
  const { startShared, stopShared } = await import('../test-servers/src/index.ts')
  await startShared(kinds)
  return stopShared
}

/**
 * Starts a driver's backend; gives the options of its fault suite, and what ends it. `apart`: in a process of its
 * own, where there is a choice.
 */
export async function openDriver(name, server, { apart = false } = {}) {
  const open = openers[name]
  if (!open) throw new Error(`the driver is one of ${DRIVERS.join(', ')}, not ${name}`)
  return open(server, { apart })
}
