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
  /** Of the uploads of a path the newest has the highest; among equals `started` tells. Default 0. */
  readonly sequence?: number | undefined
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
  /^(\d{16})-([0-9a-f]{16})(?:-(\d{1,9}))?\.(\d{1,16})\.(?:(idle)|(held|copy|trim|temp)\.([0-9a-f]{12})\.([0-9a-f]{12})\.(\d+)\.(\d+))$/

export function parseStaged(name: string): StagedName | undefined {
  const match = FORM.exec(name)
  if (match === null) return undefined
  const [
    ,
    started,
    id = '',
    sequence,
    durable,
    idle,
    state,
    host = '',
    boot = '',
    pid,
    start = '',
  ] = match
  if (!Number.isSafeInteger(Number(durable))) return undefined
  const common = {
    started: Number(started),
    id,
    ...(sequence !== undefined && { sequence: Number(sequence) }),
    durable: Number(durable),
  }
  if (idle) return { ...common, state: 'idle' }
  const owner = { host, boot, pid: Number(pid), start }
  return { ...common, state: state as StagedName['state'], owner }
}

export function stagedName({ started, id, sequence, state, durable, owner }: StagedName): string {
  const order = sequence ? `-${sequence}` : ''
  const name = `${String(started).padStart(16, '0')}-${id}${order}.${durable}.${state}`
  return owner ? `${name}.${owner.host}.${owner.boot}.${owner.pid}.${owner.start}` : name
}

let latest = 0

/** A name that no other process gives and that sorts after all that this one has given. */
export function newName(state: 'held' | 'temp'): StagedName {
  latest = Math.max(latest + 1, Date.now() * 1000)
  const id = randomBytes(8).toString('hex')
  return { started: latest, id, state, durable: 0, owner: thisProcess() }
}

/** Sorts uploads of one path, the newest first. */
export function newestFirst(a: StagedName, b: StagedName): number {
  return (b.sequence ?? 0) - (a.sequence ?? 0) || b.started - a.started || (a.id < b.id ? 1 : -1)
}

/** The name, so that it is the newest beside the others: a clock may have been set back since they began. */
export function newerThan(others: readonly StagedName[], name: StagedName): StagedName {
  const [newest] = others.toSorted(newestFirst)
  if (newest === undefined) return name
  const last = newest.sequence ?? 0
  const sequence = newest.started < name.started ? last : last + 1
  return sequence === 0 ? name : { ...name, sequence }
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
