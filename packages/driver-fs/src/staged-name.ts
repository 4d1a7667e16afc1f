import { randomBytes } from 'node:crypto'
import { type Liveness, liveness, type Owner, thisProcess } from './owner.ts'

/**
 * The name of a file in staging. It carries the whole state, so that one rename changes it and nobody
 * ever sees half of a change.
 */
export interface StagedName {
  /** Microseconds since 1970: sixteen digits until the year 2286, so that names sort by age. */
  readonly started: number
  readonly id: string
  /**
   * `idle`: an upload that anybody may continue. `held`: an upload that its owner writes to. `copy`: an
   * upload that its owner is copying, because another machine may still write to it. `trim`: a `copy`
   * of which only the durable bytes are right. `temp`: content on its way to its place, of no use
   * without its owner.
   */
  readonly state: 'idle' | 'held' | 'copy' | 'trim' | 'temp'
  /** The first bytes of it are on the disk, whatever happens to the machine. */
  readonly durable: number
  readonly owner?: Owner | undefined
}

const FORM =
  /^(\d{16})-([0-9a-f]{16})\.(\d+)\.(?:(idle)|(held|copy|trim|temp)\.([0-9a-f]{12})\.([0-9a-f]{12})\.(\d+)\.(\d+))$/

export function parseStaged(name: string): StagedName | undefined {
  const match = FORM.exec(name)
  if (match === null) return undefined
  const [, started, id = '', durable, idle, state, host = '', boot = '', pid, start = ''] = match
  const common = { started: Number(started), id, durable: Number(durable) }
  if (idle) return { ...common, state: 'idle' }
  const owner = { host, boot, pid: Number(pid), start }
  return { ...common, state: state as StagedName['state'], owner }
}

export function stagedName({ started, id, state, durable, owner }: StagedName): string {
  const name = `${String(started).padStart(16, '0')}-${id}.${durable}.${state}`
  return owner ? `${name}.${owner.host}.${owner.boot}.${owner.pid}.${owner.start}` : name
}

let latest = 0

/** A name that no other process gives and that sorts after all that this one has given. */
export function newName(state: 'held' | 'temp'): StagedName {
  latest = Math.max(latest + 1, Date.now() * 1000)
  const id = randomBytes(8).toString('hex')
  return { started: latest, id, state, durable: 0, owner: thisProcess() }
}

/** Names that this process has, and that nobody in it cares for any more. */
const abandoned = new Set<string>()

/** The file of that name could not be removed: purgeUploads may, although this process lives. */
export function abandon(name: string): void {
  abandoned.add(name)
}

/** What became of the writer: an idle upload has none. */
export function writerOf(name: StagedName): Liveness {
  if (name.owner === undefined || abandoned.has(stagedName(name))) return 'dead'
  return liveness(name.owner)
}

/** When it was begun. */
export function startedAt({ started }: StagedName): Date {
  return new Date(Math.floor(started / 1000))
}
