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

let self: { readonly machine: string; readonly run: string } | undefined

/** This machine or container since its start, and this process: ids are used again, so it has a mark too. */
function own(): { machine: string; run: string } {
  self ??= {
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
    run: randomBytes(8).toString('hex'),
  }
  return self
}

/** This process, in a form that another one can judge. */
export function thisProcess(): string {
  const { machine, run } = own()
  return `${machine}.${process.pid}.${run}`
}

/** Whether the process is there, as far as this one can tell. */
export function liveness(owner: string): Liveness {
  const [machine, pid, run] = owner.split('.')
  const here = own()
  if (machine !== here.machine) return 'unknown'
  if (run === here.run) return 'alive'
  if (Number(pid) === process.pid) return 'dead'
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // EPERM: somebody else's process.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead'
  }
  // Alive, or another one with its number: in that case the session's lease runs out.
  return 'unknown'
}
