import {
  ConfigError,
  type Parameter,
  parameter,
  parseParameters,
  queryParameters,
} from '@stowage/core/driver'

/** What is flushed to the disk before a call succeeds. */
export type Durability = 'full' | 'file' | 'none'

/** Parameters of the driver `fs`. The README says what each means for the data. */
export interface FsParameters {
  /** The directory that holds everything. Created with the first write. */
  rootDirectory: string
  /**
   * Whether the first write makes the root where it is missing (default). With `false` every call is ConfigError
   * while the root is missing or has been replaced, as when a disk is not mounted.
   */
  createRoot?: boolean | undefined
  /**
   * What is flushed to the disk before a call succeeds. `full` (default): content and the names of
   * files and directories, so that nothing that succeeded is lost when the machine stops. `file`:
   * content only; the last commits may be undone then, never torn. `none`: nothing; files may be lost
   * or torn then. The death of the process alone loses nothing that succeeded in any of them.
   */
  durability?: Durability | undefined
  /** Calls of the file system at a time. Default 100; less than 25 counts as 25. */
  maxThreads?: number | string | undefined
  /** Mode of new files, in octal where it is text, minus the umask. Default 0o666. */
  fileMode?: number | string | undefined
  /** Mode of new directories, in octal where it is text, minus the umask. Default 0o777. */
  directoryMode?: number | string | undefined
  /** Bytes that a reader or writer holds and passes on at a time. Default 512 KiB. */
  chunkSize?: number | undefined
  /** Whether `/A` and `/a` are two files on the root's volume. Default: what is found out there. */
  caseSensitive?: boolean | undefined
  /** Whether the composed and the decomposed form of a letter are two names. Default: what is found out there. */
  normalizationSensitive?: boolean | undefined
  /** What a name has at most 255 of: bytes of UTF-8, or UTF-16 units. Default: what is found out there. */
  nameUnit?: 'bytes' | 'utf16' | undefined
}

/** What the caller says of the volume. */
export type VolumeParameters = Pick<
  FsParameters,
  'caseSensitive' | 'normalizationSensitive' | 'nameUnit'
>

/** Parameters under the name `filesystem`, as in a registry's configuration. */
export interface FilesystemParameters extends Omit<FsParameters, 'rootDirectory'> {
  /** Default `/var/lib/registry`. */
  rootDirectory?: string | undefined
}

/** The parameters, complete. */
export interface Settings {
  readonly rootDirectory: string
  readonly createRoot: boolean
  readonly durability: Durability
  readonly maxThreads: number
  readonly fileMode: number
  readonly directoryMode: number
  readonly chunkSize: number
  readonly caseSensitive: boolean | undefined
  readonly normalizationSensitive: boolean | undefined
  readonly nameUnit: 'bytes' | 'utf16' | undefined
}

/** The Go registry's root, for a configuration file that relies on it. */
const REGISTRY_ROOT = '/var/lib/registry'

const KIB = 1024

/** A mode: its nine permission bits as a number, or as octal digits like those of chmod. */
function mode<const D extends number>(byDefault: D): Parameter<number> & { readonly default: D } {
  const read = (value: unknown): number | undefined => {
    const octal = typeof value === 'string' && /^(0o?)?[0-7]{3}$/.test(value)
    const bits = octal ? Number.parseInt(value.slice(-3), 8) : value
    const fits = Number.isSafeInteger(bits) && (bits as number) >= 0 && (bits as number) <= 0o777
    return fits ? (bits as number) : undefined
  }
  return { expected: "permission bits, such as '0640' in octal", default: byDefault, read }
}

const rootDirectory = (() => {
  const plain = parameter.string()
  const read = (value: unknown): string | undefined => {
    const path = plain.read(value)
    return path === '' || path?.includes('\0') ? undefined : path
  }
  return { ...plain, expected: 'the path of a directory', read }
})()

const rest = {
  createRoot: parameter.boolean({ default: true }),
  durability: parameter.enum(['full', 'file', 'none'], { default: 'full' }),
  maxThreads: parameter.clampedInteger(
    { min: 25 },
    {
      default: 100,
      problem: (_name, shown) => `maxthreads config error: ${shown} is not an integer from 25`,
    },
  ),
  fileMode: mode(0o666),
  directoryMode: mode(0o777),
  // 512 KiB is where more no longer helps: measured on Linux with ext4 and with tmpfs.
  chunkSize: parameter.integer({ min: 4 * KIB, max: 64 * KIB * KIB }, { default: 512 * KIB }),
  caseSensitive: parameter.boolean(),
  normalizationSensitive: parameter.boolean(),
  nameUnit: parameter.enum(['bytes', 'utf16']),
} as const

/** @throws ConfigError that lists every problem. */
export function parse(raw: unknown): Settings {
  return parseParameters(
    'fs',
    { rootDirectory: { ...rootDirectory, required: true }, ...rest },
    raw,
  )
}

/** As {@link parse}, with the Go registry's default for the root directory. */
export function parseFilesystem(raw: unknown): Settings {
  const schema = { rootDirectory: { ...rootDirectory, default: REGISTRY_ROOT }, ...rest }
  return parseParameters('filesystem', schema, raw)
}

/**
 * Parameters from `fs:///var/data?durability=file`, `fs:data` (relative to the working directory) or,
 * on Windows, `fs:///C:/data`.
 * @throws ConfigError where the URL has a host, credentials or a fragment.
 */
export function fromURL(
  url: URL,
  platform: NodeJS.Platform = process.platform,
): Record<string, unknown> {
  if (url.host !== '' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new ConfigError(
      `a URL of a directory is ${url.protocol}///absolute/path and perhaps ?parameter=value, without host, user or #`,
    )
  }
  const path = decode(url.pathname)
  const drive = platform === 'win32' && /^\/[a-z]:/i.test(path)
  const query = queryParameters(url)
  const isTwice = Object.keys(query).some((name) => name.toLowerCase() === 'rootdirectory')
  if (path !== '' && isTwice) throw new ConfigError('rootDirectory is given twice in the URL')
  const root = path === '' ? {} : { rootDirectory: drive ? path.slice(1) : path }
  return { ...query, ...root }
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    throw new ConfigError('the URL has a % that is not followed by two hexadecimal digits')
  }
}
