// One-node Ceph: a monitor, one OSD and the S3 gateway, all in the foreground, without systemd, manager or cephx.

import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { patient } from '../../../jest-preset/patience.mjs'
import type { Found } from '../find.ts'
import {
  answers,
  freePort,
  makeFolder,
  type ProcessOptions,
  type Running,
  removeFolder,
  startProcess,
} from '../process.ts'
import type { Started } from '../server.ts'
import { type S3Facts, s3Ready } from './request.ts'
import { localFacts, testCredentials } from './small.ts'

/**
 * Where Ceph keeps objects: `memstore` in memory (the quickest to start), `bluestore` in a sparse file, for gigabytes
 * of test data.
 */
export type CephStore = 'memstore' | 'bluestore'

const run = promisify(execFile)

function configuration(folder: string, store: CephStore, ports: readonly number[], fsid: string) {
  const [v2, v1, gateway] = ports
  return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]
auth cluster required = none
auth service required = none
auth client required = none
# The gateway alone asks for encryption, which needs the authentication that is off.
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv4 = true
# Without these two a start takes 14 seconds.
paxos propose interval = 0.05
paxos min wait = 0.02
run dir = ${folder}
admin socket =
pid file =
log file =
log to stderr = true
err to stderr = true
mon cluster log file =
mon cluster log to stderr = false
debug osd = 0/0
debug mon = 0/0
debug paxos = 0/0
debug bluestore = 0/0
debug bdev = 0/0
debug rocksdb = 0/0
debug rgw = 0/0
mon data = ${folder}/mon
osd data = ${folder}/osd
osd objectstore = ${store}
memstore device bytes = 8589934592
bluestore block size = 21474836480
bluestore block wal size = 0
bluestore block db size = 0
osd memory target = 1073741824
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd heartbeat grace = 60
mon allow pool size one = true
mon allow pool delete = true
mon data avail warn = 1
mon data avail crit = 1
mon osd full ratio = 0.97
rgw data = ${folder}/rgw
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gateway}
rgw thread pool size = 64
rgw enable usage log = false
rgw gc obj min wait = 5
rgw relaxed s3 bucket names = true
rgw dns name = localhost
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = k1=${Buffer.alloc(32, 'stowage-test').toString('base64')}
`
}

/** Starts everything; the storage classes STANDARD_IA and REDUCED_REDUNDANCY and the KMS test key `k1` exist. */
export async function startCeph(found: Found, store: CephStore): Promise<Started<S3Facts>> {
  const folder = await makeFolder('ceph')
  const daemons: Running[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.map((daemon) => daemon.stop()))
    await removeFolder(folder)
  }
  try {
    const facts = await startDaemons(new Cluster(found, folder, daemons), store)
    return { facts, pids: daemons.map(({ pid }) => pid), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startDaemons(cluster: Cluster, store: CephStore): Promise<S3Facts> {
  const { folder } = cluster
  const [v2, v1, gateway] = [await freePort(), await freePort(), await freePort()]
  const [fsid, osdId] = [randomUUID(), randomUUID()]
  for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(folder, name))
  await writeFile(cluster.file, configuration(folder, store, [v2, v1, gateway], fsid))

  const map = join(folder, 'monmap')
  const address = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`
  await cluster.tool('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', address, map)
  await cluster.tool('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map)
  await cluster.daemon('ceph-mon', ['-i', 'a'], async () => {
    await cluster.tool('ceph', '--connect-timeout', '60', 'osd', 'new', osdId)
    return true
  })
  await cluster.tool('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osdId)
  await cluster.daemon('ceph-osd', ['-i', '0'], async () =>
    (await cluster.tool('ceph', 'osd', 'stat')).includes('1 up'),
  )
  await createUser(cluster)
  const facts = localFacts(gateway)
  await cluster.daemon('radosgw', ['-n', 'client.rgw', '--no-mon-config'], async () => {
    return (await answers(facts.endpoint)) && s3Ready(facts)
  })
  return facts
}

async function createUser(cluster: Cluster): Promise<void> {
  const { accessKeyId, secretAccessKey } = testCredentials
  const keys = ['--access-key', accessKeyId, '--secret-key', secretAccessKey]
  await cluster.admin('user', 'create', '--uid=test', '--display-name=test', ...keys)
  const placement = ['placement', 'add', '--placement-id', 'default-placement']
  for (const name of ['STANDARD_IA', 'REDUCED_REDUNDANCY']) {
    const storage = [...placement, '--storage-class', name]
    await cluster.admin('zonegroup', ...storage, '--rgw-zonegroup', 'default')
    const pool = ['--data-pool', 'default.rgw.buckets.data']
    await cluster.admin('zone', ...storage, '--rgw-zone', 'default', ...pool)
  }
}

class Cluster {
  readonly folder: string
  readonly file: string
  readonly #bin: string
  readonly #daemons: Running[]

  constructor(found: Found, folder: string, daemons: Running[]) {
    this.folder = folder
    this.file = join(folder, 'ceph.conf')
    this.#bin = dirname(found.command)
    this.#daemons = daemons
  }

  /** Runs one of Ceph's tools to its end and returns what it printed. */
  async tool(name: string, ...args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, HOME: this.folder, CEPH_CONF: this.file }
    const options = { cwd: this.folder, env, timeout: patient(300_000) }
    try {
      const { stdout } = await run(name, ['-c', this.file, ...args], options)
      return stdout
    } catch (error) {
      const said = (error as { stderr?: string }).stderr?.trim().split('\n').slice(-5).join('\n')
      throw new Error(`\`${name} ${args.join(' ')}\` failed\n${said ?? error}`, { cause: error })
    }
  }

  async admin(...args: string[]): Promise<void> {
    await this.tool('radosgw-admin', '--no-mon-config', ...args)
  }

  /** Starts a daemon as our own child: `-f` keeps it in the foreground. */
  async daemon(name: string, args: string[], ready: ProcessOptions['ready']): Promise<void> {
    const options = { name, command: join(this.#bin, name), folder: this.folder, ready }
    const env = { CEPH_CONF: this.file }
    this.#daemons.push(
      await startProcess({ ...options, env, args: ['-c', this.file, ...args, '-f'] }),
    )
  }
}
