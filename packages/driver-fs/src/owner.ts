import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process, told apart from every other one as well as the system allows; on Linux, a worker thread of its own. */
export interface Owner {
  /** The machine, or the container: process ids mean something within it only. */
  readonly host: string
  /** One run of the kernel: until a machine stops, what was written is there, flushed or not. */
  readonly boot: string
  readonly pid: number
  /** When the process began: process ids are used again. */
  readonly start: string
}

/** `unknown`: another machine or container, of which nothing can be told. */
export type Liveness = 'alive' | 'dead' | 'unknown'

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

function optional(read: () => string): string {
  try {
    return read().trim()
  } catch {
    return ''
  }
}

const file = (path: string): string => optional(() => readFileSync(path, 'latin1'))

let own: Owner | undefined

/** This process, or this worker thread where the system has a number for it: it may end before its process. */
export function thisProcess(): Owner {
  if (own !== undefined) return own
  const namespace = optional(() => readlinkSync('/proc/self/ns/pid'))
  const machine = [hostname(), file('/etc/machine-id'), namespace].join('\n')
  own = {
    host: short(machine),
    boot: short(file('/proc/sys/kernel/random/boot_id')),
    pid: threadNumber() ?? process.pid,
    // Without /proc, a process that got the id of a dead one is taken for it: its upload waits.
    start: processState('thread-self')?.start ?? '0',
  }
  return own
}

/** Whether the process is there, as far as this one can tell. */
export function liveness(owner: Owner): Liveness {
  const self = thisProcess()
  if (owner.host !== self.host || owner.boot !== self.boot) return 'unknown'
  if (owner.pid === self.pid) return owner.start === self.start ? 'alive' : 'dead'
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    // EPERM: somebody else's process.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead'
  }
  const state = processState(owner.pid)
  if (state === undefined) return 'alive'
  return state.start === owner.start && !state.ended ? 'alive' : 'dead'
}

/** `<pid>/task/<number>`: of the main thread the number is that of the process. */
function threadNumber(): number | undefined {
  const number = /^\d+\/task\/(\d+)$/.exec(optional(() => readlinkSync('/proc/thread-self')))?.[1]
  return number === undefined ? undefined : Number(number)
}

function processState(pid: number | 'thread-self'): { start: string; ended: boolean } | undefined {
  const stat = file(`/proc/${pid}/stat`)
  // The second field is the program's name in parentheses, and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const start = fields[19]
  return start === undefined ? undefined : { start, ended: 'ZXx'.includes(fields[0] ?? '') }
}
