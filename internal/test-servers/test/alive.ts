import { readFileSync } from 'node:fs'

/** Whether a process runs. One that has ended and was not yet collected by its parent (Linux: state Z) does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return process.platform !== 'linux'
  }
}
