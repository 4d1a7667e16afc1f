import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/** Bytes that buffers hold now, without those that nobody refers to any more. */
export function heldBytes(): number {
  collect ??= collector()
  // The first run may leave what only finalisers held.
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}

/** The garbage collector of V8, which tells what is really held; where there is none, nothing. */
function collector(): () => void {
  try {
    setFlagsFromString('--expose-gc')
    return runInNewContext('gc') as () => void
  } catch {
    return () => {}
  }
}
