import { constants, fstatSync, openSync } from 'node:fs'
import { lstat, open, readlink, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { CliError } from './errors.ts'
import { EXIT } from './exit-codes.ts'

/** What leads to the streams of a process. */
const STREAMS = /^\/(dev\/(std|fd\/)|proc\/)/
/** As many links as Linux follows. */
const MOST_LINKS = 40

/**
 * The device, pipe or socket at a name of this machine, to be read to its end. Undefined for a file or a
 * directory, or where nothing is.
 */
export async function openStreamAt(file: string, stdin: Readable): Promise<Readable | undefined> {
  const info = await stat(file).catch(() => undefined)
  if (info === undefined || info.isFile() || info.isDirectory()) return undefined
  if (isHandle(info, 0)) return stdin
  if (!info.isFIFO()) return (await open(file)).createReadStream()
  // A thread that waits for the other end of a pipe would outlive an interruption.
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  return new Socket({ fd, readable: true, writable: false })
}

/**
 * What is to be written through at a name of this machine, as cp does: a device or pipe is never replaced by
 * a file. Undefined for what a file may replace, or where nothing is.
 * @throws CliError where nobody reads the pipe.
 */
export async function streamTo(file: string): Promise<'stdout' | Writable | undefined> {
  const info = await stat(file).catch(() => undefined)
  if (info === undefined || info.isDirectory()) return undefined
  if (info.isFile() && !(await leadsToStream(file))) return undefined
  if (isHandle(info, 1)) return 'stdout'
  if (!info.isFIFO()) return (await open(file, 'w')).createWriteStream()
  return new Socket({ fd: openPipe(file), readable: false, writable: true })
}

function openPipe(file: string): number {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
    throw new CliError(
      'NO_READER',
      EXIT.failed,
      `nobody reads the pipe ${file}`,
      'start its reader first',
      error,
    )
  }
}

function isHandle({ dev, ino }: { dev: number; ino: number }, handle: number): boolean {
  const info = fstatSync(handle)
  return info.dev === dev && info.ino === ino
}

/** `/dev/stdout` is a file where the shell has redirected it to one. */
async function leadsToStream(file: string): Promise<boolean> {
  let at = file
  for (let links = 0; links < MOST_LINKS; links++) {
    if (STREAMS.test(at)) return true
    const isLink = (await lstat(at).catch(() => undefined))?.isSymbolicLink()
    if (!isLink) return false
    at = resolve(dirname(at), await readlink(at))
  }
  return false
}
