import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { foreignPart } from './ownership.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** `changed`: it was trusted with another content. */
export type Trust = 'trusted' | 'changed' | 'unknown'

/** Where the user's own configuration is, and what they trust. */
export function userDirectory(env: Env): string {
  const { APPDATA: roaming, XDG_CONFIG_HOME: xdg } = env
  if (process.platform === 'win32' && roaming) return join(roaming, 'stowage')
  // A relative path in the variable counts as none, says its specification.
  if (xdg && isAbsolute(xdg)) return join(xdg, 'stowage')
  return join(env.HOME || homedir(), '.config', 'stowage')
}

const hash = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex')

/** One record for each file: its name is the hash of the file's path. */
const recordOf = (file: string, env: Env): string => join(userDirectory(env), 'trusted', hash(file))

/** The record's text: it names the file for people, and its content for us. */
const record = (file: string, content: Uint8Array): string => `${hash(content)}  ${file}\n`

/** Whether this user has trusted the file, whose real path it is, with that content. */
export async function trustIn(file: string, content: Uint8Array, env: Env): Promise<Trust> {
  const at = recordOf(file, env)
  try {
    const found = await readFile(at, 'utf8')
    // Whoever else may write the record could trust in the user's name.
    if ((await foreignPart(at)) !== undefined) return 'unknown'
    return found === record(file, content) ? 'trusted' : 'changed'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'unknown'
    throw error
  }
}

/** Notes that the user trusts the file with that content, in the place of what they trusted before. */
export async function trust(file: string, content: Uint8Array, env: Env): Promise<void> {
  await mkdir(join(userDirectory(env), 'trusted'), { recursive: true, mode: 0o700 })
  await writeFile(recordOf(file, env), record(file, content), { mode: 0o600 })
}

/** Forgets the file, and says whether it was trusted. */
export async function distrust(file: string, env: Env): Promise<boolean> {
  try {
    await rm(recordOf(file, env))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
