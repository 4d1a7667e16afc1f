// Mounts real volumes that treat names otherwise than Linux does, and sees to it that nothing stays mounted.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, lstatSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder, type Running, removeFolder, startProcess, watchMount } from './process.ts'

/**
 * `exfat`: exFAT, folds case. `ntfs`: NTFS with the names of POSIX. `ntfs-windows`: NTFS without regard to case and
 * with the names of Windows; it lists names in lower case. `folding`: one of our own in memory that folds case and
 * normal forms and keeps names as given, as APFS does.
 */
export type VolumeKind = 'exfat' | 'ntfs' | 'ntfs-windows' | 'folding'

export interface MountedVolume {
  readonly kind: VolumeKind
  /** Where it is mounted; empty at first. */
  readonly folder: string
  unmount(): Promise<void>
}

export interface VolumeOptions {
  /** What fsync of a directory fails with on the volume `folding`. Default: it succeeds. */
  readonly fsyncError?: string | undefined
  /** Seconds between two times of files on the volume `folding`, as 2 on FAT. Default: it keeps all times. */
  readonly timeStep?: number | undefined
}

/** Bytes of a volume: enough for the whole suite. The file is sparse. */
const SIZE = 256 * 1024 * 1024
const FOLDING = fileURLToPath(new URL('../volumes/folding.py', import.meta.url))
/** Debian's Python sees Debian's module, whichever Python comes first on PATH. */
const PYTHONS = ['/usr/bin/python3', 'python3']

const PROGRAMS: Readonly<Record<VolumeKind, readonly string[]>> = {
  exfat: ['mkfs.exfat', 'losetup', 'mount.exfat-fuse'],
  ntfs: ['mkfs.ntfs', 'ntfs-3g'],
  'ntfs-windows': ['mkfs.ntfs', 'lowntfs-3g'],
  folding: [],
}

/** Why that volume cannot be mounted here, with the way out; undefined where it can. */
export function whyNoVolume(kind: VolumeKind): string | undefined {
  if (process.platform !== 'linux') return 'volumes are mounted on Linux only'
  if (process.getuid?.() !== 0) return 'only root may mount'
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
  } catch {
    return 'there is no /dev/fuse'
  }
  const missing = PROGRAMS[kind].filter((program) => find(program) === undefined)
  if (kind === 'folding' && pythonWithFuse() === undefined) missing.push('python3-fusepy')
  return missing.length > 0
    ? `${missing.join(', ')} is missing: .ci/install-servers installs it`
    : undefined
}

/** Makes an empty volume and mounts it. It is unmounted at the latest when this process ends. */
export async function mountVolume(
  kind: VolumeKind,
  { fsyncError = '', timeStep = 0 }: VolumeOptions = {},
): Promise<MountedVolume> {
  const reason = whyNoVolume(kind)
  if (reason !== undefined) throw new Error(`no volume ${kind}: ${reason}`)
  const scratch = await makeFolder(`volume-${kind}`)
  const folder = join(scratch, 'mounted')
  await mkdir(folder)
  const forget = watchMount(folder)
  let daemon: Running | undefined
  try {
    if (kind === 'folding') {
      const args = [FOLDING, folder, fsyncError, String(timeStep)]
      const command = pythonWithFuse() ?? ''
      const ready = async (): Promise<boolean> => isMounted(folder)
      daemon = await startProcess({ name: kind, command, args, folder: scratch, ready })
    } else mountImage(kind, join(scratch, 'image'), folder)
  } catch (error) {
    await end()
    throw error
  }
  async function end(): Promise<void> {
    if (isMounted(folder)) run('umount', ['-l', folder])
    await daemon?.stop()
    forget()
    await removeFolder(scratch)
  }
  return { kind, folder, unmount: end }
}

function mountImage(kind: Exclude<VolumeKind, 'folding'>, image: string, folder: string): void {
  writeFileSync(image, '')
  truncateSync(image, SIZE)
  if (kind === 'exfat') {
    run('mkfs.exfat', [image])
    const device = run('losetup', ['-f', '--show', image]).trim()
    try {
      return void run('mount.exfat-fuse', [device, folder])
    } finally {
      // While it is mounted, this only says that the device is to go with the mount.
      run('losetup', ['-d', device])
    }
  }
  run('mkfs.ntfs', ['-F', '-Q', '-q', image])
  if (kind === 'ntfs') return void run('ntfs-3g', [image, folder])
  run('lowntfs-3g', ['-o', 'ignore_case,windows_names', image, folder])
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(find(program) ?? program, args, {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr.trim()}`)
  return stdout
}

function isMounted(folder: string): boolean {
  return lstatSync(folder).dev !== lstatSync(dirname(folder)).dev
}

function find(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, program)).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function pythonWithFuse(): string | undefined {
  const check = 'try:\n import fusepy\nexcept ImportError:\n import fuse'
  return PYTHONS.find((python) => spawnSync(python, ['-c', check]).status === 0)
}
