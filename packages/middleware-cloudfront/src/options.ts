import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  ConfigError,
  type Parameter,
  parameter,
  parseDuration,
  parseParameters,
} from '@stowage/core/driver'

/** Names are accepted in lower case too, as a registry's configuration has them. */
export interface CloudFrontOptions {
  /** URL of the distribution; `https://` where it has no scheme. */
  baseURL?: string | undefined
  /** The Go registry's spelling of `baseURL`. */
  baseurl?: string | undefined
  /** Path of the PEM file with the RSA key. */
  privateKey?: string | undefined
  privatekey?: string | undefined
  /** Id of the key pair in CloudFront. */
  keyPairId?: string | undefined
  keypairid?: string | undefined
  /** How long a URL is good for where the caller of `redirectURL` names no time: `20m`. */
  duration?: string | undefined
  /** How often Amazon's address ranges are fetched: `12h`. */
  updateFrequency?: string | undefined
  updatefrequency?: string | undefined
  /** A misspelling that the Go registry once documented; it has precedence. */
  updatefrenquency?: string | undefined
  ipRangesURL?: string | undefined
  iprangesurl?: string | undefined
  /** Clients within Amazon (`aws`), or within `awsRegion` (`awsregion`), go to the bucket directly. */
  ipFilteredBy?: string | undefined
  ipfilteredby?: string | undefined
  /** Regions, separated by commas. */
  awsRegion?: string | undefined
  awsregion?: string | undefined
  /** Fetches the address ranges. Default: the global one. */
  fetch?: typeof fetch | undefined
  /** Is told what goes wrong without harm to a caller. Default: `process.emitWarning`. */
  warn?: ((message: string) => void) | undefined
}

type FilteredBy = 'none' | 'aws' | 'awsregion'

export interface Settings {
  /** Ends with a slash. */
  readonly base: string
  readonly key: KeyObject
  readonly keyPairId: string
  /** Seconds; undefined leaves it to the caller. */
  readonly duration: number | undefined
  /** Milliseconds. */
  readonly updateFrequency: number
  readonly ipRangesURL: string
  readonly filteredBy: FilteredBy
  readonly regions: readonly string[]
  readonly fetch: typeof fetch
  readonly warn: (message: string) => void
}

const IP_RANGES = 'https://ip-ranges.amazonaws.com/ip-ranges.json'
const UPDATE_FREQUENCY = 12 * 3600 * 1000

/** A string and nothing else, with the Go registry's words where it is not. */
function strict(required?: string): Parameter<string> {
  return {
    expected: 'text',
    read: (value) => (typeof value === 'string' ? value : undefined),
    problem: (name) => `${name.toLowerCase()} must be a string`,
    required,
  }
}

/** As the Go registry: what is no text is as if it were not there. */
const lenient: Parameter<string> = {
  expected: 'a duration',
  read: (value) => (typeof value === 'string' ? value : ''),
}

const schema = {
  baseURL: strict('no baseurl provided'),
  privateKey: strict('no privatekey provided'),
  keyPairId: strict('no keypairid provided'),
  duration: lenient,
  updateFrequency: lenient,
  updateFrenquency: lenient,
  ipRangesURL: strict(),
  ipFilteredBy: strict(),
  awsRegion: {
    ...strict(),
    problem: () => 'awsRegion must be a comma separated string of valid aws regions',
  },
  fetch: parameter.object<typeof fetch>('a function like fetch'),
  warn: parameter.object<(message: string) => void>('a function that takes a message'),
}

/** @throws ConfigError in the Go registry's words. */
export async function parse(raw: unknown): Promise<Settings> {
  const given = parseParameters('cloudfront', schema, raw)
  const warn = given.warn ?? ((message: string) => process.emitWarning(message))
  const base = baseOf(given.baseURL || fail('no baseurl provided'))
  const key = await readKey(given.privateKey || fail('no privatekey provided'))
  const duration = durationOf('duration', given.duration)
  if (given.updateFrenquency) {
    warn('cloudfront: updatefrenquency is a misspelling of updatefrequency')
  }
  const frequency = durationOf('updatefrequency', given.updateFrenquency || given.updateFrequency)
  const filteredBy = filterOf(given.ipFilteredBy)
  return {
    base,
    key,
    keyPairId: given.keyPairId || fail('no keypairid provided'),
    duration: duration === undefined ? undefined : Math.max(1, Math.floor(duration / 1000)),
    updateFrequency: frequency ?? UPDATE_FREQUENCY,
    ipRangesURL: given.ipRangesURL || IP_RANGES,
    filteredBy,
    regions: filteredBy === 'awsregion' ? regionsOf(given.awsRegion) : [],
    fetch: given.fetch ?? fetch,
    warn,
  }
}

function fail(problem: string, cause?: unknown): never {
  throw new ConfigError(problem, { driver: 'cloudfront', ...(cause !== undefined && { cause }) })
}

function baseOf(text: string): string {
  const url = text.includes('://') ? text : `https://${text}`
  if (!URL.canParse(url)) fail(`invalid baseurl: ${text}`)
  return url.endsWith('/') ? url : `${url}/`
}

async function readKey(file: string): Promise<KeyObject> {
  // Errors name the file: the key itself, where somebody has put it, must not come that far.
  if (file.includes('PRIVATE KEY')) fail('privatekey is the name of a file, not the key itself')
  let pem: Buffer
  try {
    pem = await readFile(file)
  } catch (error) {
    return fail(`failed to read privatekey file: ${(error as Error).message}`, error)
  }
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'rsa') return key
  } catch {
    // What a parser says of a private key is not for a message.
  }
  return fail('failed to decode private key as an rsa private key')
}

function durationOf(name: string, text: string | undefined): number | undefined {
  if (!text) return undefined
  const duration = parseDuration(text)
  if (duration === undefined) fail(`invalid ${name}: time: invalid duration "${text}"`)
  if (duration <= 0) fail(`invalid ${name}: ${text} is not above 0`)
  return duration
}

function filterOf(text = 'none'): FilteredBy {
  const value = text.trim().toLowerCase() || 'none'
  if (value === 'none' || value === 'aws' || value === 'awsregion') return value
  return fail(`ipfilteredby only allows for values none, aws or awsregion, not ${text}`)
}

function regionsOf(text: string | undefined): string[] {
  const regions = (text ?? fail('awsRegion is not defined'))
    .split(',')
    .map((region) => region.trim().toLowerCase())
    .filter((region) => region !== '')
  return regions.length > 0 ? regions : fail('awsRegion is not defined')
}
