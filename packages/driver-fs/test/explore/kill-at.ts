import { constants, copyFileSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import type { FileSystem } from '../../src/file-system.ts'
import { type CallName, wrapped } from './wrap.ts'

/** A file system that writes down the names of its calls. */
export function counting(system: FileSystem, calls: CallName[]): FileSystem {
  return wrapped(system, (name, args, call) => {
    calls.push(name)
    return call(...args)
  })
}

/** Kills this process when the call of that number begins: with a part, in the middle of its bytes. */
export function killing(system: FileSystem, at: number, part: number | undefined): FileSystem {
  let count = 0
  return wrapped(system, async (name, args, call) => {
    if (count++ !== at) return await call(...args)
    if (part !== undefined && name === 'write') {
      const [fd, source, position] = args as [number, Uint8Array, number]
      writeSync(fd, source, 0, Math.ceil(source.length * part), position)
    } else if (part !== undefined && name === 'copyFile') {
      const [from, to] = args as [string, string]
      copyFileSync(from, to, constants.COPYFILE_EXCL)
      const bytes = readFileSync(from)
      writeFileSync(to, bytes.subarray(0, Math.ceil(bytes.length * part)))
    }
    process.kill(process.pid, 'SIGKILL')
    return await new Promise(() => {})
  })
}
