/** Stores that this driver knows the ways of. */
export const PROVIDERS = [
  'aws',
  'r2',
  'minio',
  'ceph',
  'b2',
  'gcs-xml',
  'versitygw',
  'generic',
] as const

/** The stores whose differences from Amazon S3 are known. */
export type S3Provider = (typeof PROVIDERS)[number]

/** In what a store differs. The README has the same table for users. */
export interface Profile {
  /** Signing region where none is given. Undefined: it has to be given. */
  readonly region?: string | undefined
  /** `/bucket/key` instead of the bucket as a host name. */
  readonly pathStyle: boolean
  /** The SDK's checksum headers, which only some stores know. Off, the signed SHA-256 protects bodies. */
  readonly checksums: boolean
  /** All parts but the last one must have one size. */
  readonly equalParts: boolean
  /** Keys one DeleteObjects request takes; 1 where the store has no such request. */
  readonly deleteBatch: number
  /** `a` and `a/b` can both be objects, and both are listed. */
  readonly fileAndDirectory: boolean
  /** A key's component may be longer than 255 bytes. */
  readonly longNames: boolean
  /** Paths that it cannot hold although they are valid, and why. */
  readonly refuses?: { readonly pattern: RegExp; readonly why: string } | undefined
  /** Unfinished uploads are listed by prefix, not by exact key only. */
  readonly uploadsByPrefix: boolean
}

/** Amazon takes 1,000 keys in one DeleteObjects request. */
const DELETE_BATCH = 1000

const generic: Profile = {
  region: 'us-east-1',
  pathStyle: true,
  checksums: false,
  equalParts: false,
  deleteBatch: DELETE_BATCH,
  fileAndDirectory: true,
  longNames: true,
  uploadsByPrefix: true,
}

export const PROFILES: Readonly<Record<S3Provider, Profile>> = {
  aws: { ...generic, region: undefined, pathStyle: false, checksums: true },
  r2: { ...generic, region: 'auto', equalParts: true },
  minio: {
    ...generic,
    ...{ fileAndDirectory: false, longNames: false, uploadsByPrefix: false },
    refuses: {
      pattern: /(^|[\\/])[^\S\ufeff]*\.\.?[^\S\ufeff]*([\\/]|$)|[\ufffe\uffff]/,
      why: 'the store refuses . and .. between \\ or blanks, and cannot list U+FFFE and U+FFFF',
    },
  },
  ceph: generic,
  b2: { ...generic, pathStyle: false },
  'gcs-xml': { ...generic, region: 'auto', deleteBatch: 1 },
  versitygw: {
    ...generic,
    ...{ fileAndDirectory: false, longNames: false },
    refuses: {
      // Its own: a directory, and beside a file that is being replaced `.NAME.sgwtmp.TIME`, which it lists.
      pattern: /(^|\/)\.(sgwtmp|[^/]+\.sgwtmp\.\d+)(\/|$)|\?versionId=|[\ufffe\uffff]/,
      why: 'the store has its own files at .sgwtmp and .NAME.sgwtmp.NUMBER, copies nothing with ?versionId= in its name, and lists no U+FFFE and U+FFFF',
    },
  },
  generic,
}

const HOSTS: readonly [RegExp, S3Provider][] = [
  [/\.amazonaws\.com(\.cn)?$/, 'aws'],
  [/\.r2\.cloudflarestorage\.com$/, 'r2'],
  [/\.backblazeb2\.com$/, 'b2'],
  [/^storage\.googleapis\.com$/, 'gcs-xml'],
]

/** The provider of an endpoint by its host name; without an endpoint, Amazon. */
export function providerOf(endpoint: string | undefined): S3Provider {
  if (endpoint === undefined) return 'aws'
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : endpoint
  return HOSTS.find(([pattern]) => pattern.test(host))?.[1] ?? 'generic'
}
