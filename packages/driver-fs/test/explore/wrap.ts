import type { FileSystem } from '../../src/file-system.ts'

export type AnyCall = (...args: unknown[]) => Promise<unknown>
export type CallName = keyof FileSystem

/** A file system in which each call goes through the function. */
export function wrapped(
  system: FileSystem,
  around: (name: CallName, args: unknown[], call: AnyCall) => Promise<unknown>,
): FileSystem {
  const calls = Object.entries(system).map(([name, call]: [string, AnyCall]) => [
    name,
    (...args: unknown[]) => around(name as CallName, args, call),
  ])
  return Object.fromEntries(calls) as unknown as FileSystem
}

export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code, errno: -1, syscall: 'injected' })
}

/** As if another file system began at `/mnt` of the root. */
export function mounted(system: FileSystem, root: string): FileSystem {
  const isThere = (path: string): boolean => path.startsWith(`${root}/mnt/`)
  return {
    ...system,
    rename: async (from, to) => {
      if (isThere(from) !== isThere(to)) throw systemError('EXDEV')
      await system.rename(from, to)
    },
  }
}
