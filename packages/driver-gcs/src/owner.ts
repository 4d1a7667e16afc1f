import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** `unknown`: another machine or container, of which nothing can be told. */
export type Liveness = 'alive' | 'dead' | 'unknown'

function optional(read: () => string): string {
  try {
    return read().trim()
  } catch {
    return ''
  }
}

interface Self {
  readonly machine: string
  readonly id: number
  /** Whether the id is of the thread: a worker thread may end before its process. */
  readonly isThread: boolean
  readonly run: string
}

let self: Self | undefined

/** `<pid>/task/<number>`: of the main thread the number is that of the process. */
function threadNumber(): number | undefined {
  const link = optional(() => readlinkSync('/proc/thread-self'))
  const number = /^\d+\/task\/(\d+)$/.exec(link)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** This machine or container since its start, and this thread: ids are used again, so it has a mark too. */
function own(): Self {
  if (self !== undefined) return self
  const thread = threadNumber()
  self = {
    machine: createHash('sha256')
      .update(
        [
          hostname(),
          optional(() => readFileSync('/etc/machine-id', 'latin1')),
          optional(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')),
          // Containers may share a host's name, but not its process ids.
          optional(() => readlinkSync('/proc/self/ns/pid')),
        ].join('\n'),
      )
      .digest('hex')
      .slice(0, 16),
    id: thread ?? process.pid,
    isThread: thread !== undefined,
    run: randomBytes(8).toString('hex'),
  }
  return self
}

/** This process, or this thread where the system has a number for it, in a form that another one can judge. */
export function thisProcess(): string {
  const { machine, id, run } = own()
  return `${machine}.${id}.${run}`
}

/** Whether the process or thread is there, as far as this one can tell. */
export function liveness(owner: string): Liveness {
  const [machine, id, run] = owner.split('.')
  const here = own()
  if (machine !== here.machine) return 'unknown'
  if (run === here.run) return 'alive'
  // Without numbers for threads, another one of this process may live.
  if (Number(id) === here.id) return here.isThread ? 'dead' : 'unknown'
  try {
    process.kill(Number(id), 0)
  } catch (error) {
    // EPERM: somebody else's process.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead'
  }
  // Alive, or another one with its number: in that case the session's lease runs out.
  return 'unknown'
}
