// A watchdog in a process of its own. A test process tells it, a JSON object on each line of standard input, which
// processes it started and which folders it made. When that input ends, because the test process ended in whatever
// way, kill -9 included, the keeper ends those processes and removes those folders.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'

interface Order {
  readonly add?: number
  readonly drop?: number
  readonly folder?: string
  readonly forget?: string
  readonly mount?: string
  readonly unmounted?: string
}

const pids = new Map<number, string | undefined>()
const folders = new Set<string>()
const mounts = new Set<string>()

/** On Linux the start time tells a process from a later one with the same id. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

// Ctrl-C must not end the keeper before its work is done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order
  if (order.add !== undefined) pids.set(order.add, startTime(order.add))
  if (order.drop !== undefined) pids.delete(order.drop)
  if (order.folder !== undefined) folders.add(order.folder)
  if (order.forget !== undefined) folders.delete(order.forget)
  if (order.mount !== undefined) mounts.add(order.mount)
  if (order.unmounted !== undefined) mounts.delete(order.unmounted)
}

// Before the folders are removed: what is in a volume goes with it.
for (const mount of mounts) spawnSync('umount', ['-l', mount])
for (const [pid, started] of pids) {
  if (startTime(pid) !== started) continue
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it had ended by itself
  }
}
for (const folder of folders) {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}
