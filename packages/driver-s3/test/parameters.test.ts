import { createFromURL, isStorageError } from '@stowage/core'
import '@stowage/driver-s3'
import { fromURL } from '../src/from-url.ts'
import { parse } from '../src/parameters.ts'

const least = { bucket: 'b', region: 'eu-central-1' }

function problems(parameters: Record<string, unknown>): readonly string[] {
  try {
    parse(parameters)
    return []
  } catch (error) {
    return isStorageError(error, 'CONFIG')
      ? (error as unknown as { problems: string[] }).problems
      : [String(error)]
  }
}

describe('parameters', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ bucket: 'b' }, 'no region parameter provided'],
    [{ bucket: 'b', region: '<nil>' }, 'invalid region provided: <nil>'],
    [{ region: 'us-east-1' }, 'no bucket parameter provided'],
    [{ ...least, bucket: '' }, 'no bucket parameter provided'],
    [{ ...least, forcepathstyle: 'yes' }, 'the forcepathstyle parameter should be a boolean'],
    [{ ...least, encrypt: 'yes' }, 'the encrypt parameter should be a boolean'],
    [{ ...least, chunksize: 'big' }, 'chunksize parameter must be an integer, big invalid'],
    [
      { ...least, chunksize: 1 },
      'the chunksize 1 parameter should be a number between 5242880 and 5368709120 (inclusive)',
    ],
    [
      { ...least, multipartcopythresholdsize: '6442450944' },
      'the multipartcopythresholdsize 6442450944 parameter should be a number between 0 and 5368709120 (inclusive)',
    ],
    [
      { ...least, storageclass: 'COLD' },
      'the storageclass parameter must be one of [NONE STANDARD REDUCED_REDUNDANCY STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING OUTPOSTS GLACIER_IR EXPRESS_ONEZONE], COLD invalid',
    ],
    [{ ...least, objectacl: 'mine' }, 'invalid value for objectacl parameter: mine'],
    [
      { ...least, v4auth: false },
      'on Amazon S3 this storage driver can only be used with v4 authentication',
    ],
    [{ ...least, redirectendpoint: 'cdn.example.com' }, 'no scheme specified for redirectendpoint'],
    [{ ...least, redirectendpoint: 'https:///x' }, 'no host specified for redirectendpoint'],
    [
      { ...least, redirectendpoint: 'https://cdn.example.com/base' },
      'redirectendpoint cannot contain a base path: /base',
    ],
    [
      { ...least, redirectendpoint: 'https://cdn.example.com/?a=b' },
      'redirectendpoint cannot contain query parameters',
    ],
    [
      { ...least, redirectendpoint: 'https://[::1' },
      'unable to parse redirectendpoint: https://[::1',
    ],
    [
      { ...least, encrypt: true, ssecustomerkey: `${'A'.repeat(43)}=` },
      'encrypt and sseCustomerKey exclude each other',
    ],
    [
      { ...least, ssecustomerkey: 'short' },
      'ssecustomerkey is (not shown), but should be 32 bytes in base64',
    ],
    [{ ...least, buckit: 'x' }, 'unknown parameter buckit: did you mean bucket?'],
  ])('%j are refused: %s', (parameters, problem) => {
    expect(problems(parameters)).toEqual([problem])
  })

  it('are refused all at once', () => {
    expect(problems({ chunksize: 1, encrypt: 3 })).toHaveLength(3)
  })

  it("are those of a registry's configuration, in its spelling", () => {
    const settings = parse({
      accesskey: 'a',
      secretkey: 'b',
      region: 'us-gov-west-1',
      regionendpoint: 'store.example.com:9000',
      redirectendpoint: 'https://cdn.example.com',
      forcepathstyle: 'true',
      bucket: 'b',
      encrypt: 'false',
      keyid: 'k',
      secure: 'F',
      skipverify: true,
      v4auth: 't',
      chunksize: '5242880',
      multipartcopychunksize: 33554432,
      multipartcopymaxconcurrency: '100',
      multipartcopythresholdsize: 33554432,
      rootdirectory: '/a/b/',
      storageclass: 'standard_ia',
      useragent: 'x',
      objectacl: 'private',
      usedualstack: false,
      accelerate: '0',
      usefipsendpoint: 'False',
      loglevel: 'no such level',
    })
    expect(settings).toMatchObject({
      endpoint: 'http://store.example.com:9000',
      publicEndpoint: 'https://cdn.example.com',
      root: 'a/b',
      chunkSize: 5242880,
      storageClass: 'STANDARD_IA',
      objectACL: 'private',
      logLevel: 'off',
      provider: 'generic',
      secure: false,
    })
  })

  it('take null for absent, and any region of the right form', () => {
    expect(parse({ ...least, region: 'mars-north-7', chunksize: null }).chunkSize).toBe(10485760)
  })

  it.each([
    [undefined, 'aws', 'eu-central-1'],
    ['https://abc.r2.cloudflarestorage.com', 'r2', 'auto'],
    ['s3.eu-central-003.backblazeb2.com', 'b2', 'us-east-1'],
    ['https://storage.googleapis.com', 'gcs-xml', 'auto'],
    ['https://s3.eu-west-1.amazonaws.com', 'aws', 'us-east-1'],
    ['http://localhost:9000', 'generic', 'us-east-1'],
  ])('of the endpoint %s are those of %s', (endpoint, provider, region) => {
    const given = endpoint === undefined ? least : { bucket: 'b', endpoint }
    expect(parse(given)).toMatchObject({ provider, region })
  })

  it('lose the blanks around a secret that was read from a file', () => {
    const given = { accesskey: ' AK\n', secretkey: 'SK\r\n', sessiontoken: 'T\n', bucket: 'b\n' }
    expect(parse({ ...given, regionendpoint: ' https://store.example.com\n' })).toMatchObject({
      ...{ accessKey: 'AK', secretKey: 'SK', sessionToken: 'T', bucket: 'b' },
      endpoint: 'https://store.example.com',
    })
  })

  it('take the names of other versions of the original where they mean something here', () => {
    const settings = parse({
      ...{ ...least, pathstyle: true, maxretries: 5, objectacl: '', spooldir: '/tmp' },
      ...{ objectownership: true, checksum_disabled: true },
    })
    expect(settings).toMatchObject({
      ...{ forcePathStyle: true, maxAttempts: 6, objectACL: '' },
      checksumDisabled: true,
    })
    expect(problems({ ...least, urlexpiry: '20m', checksum_algorithm: 'SHA256' })).toEqual([
      'urlexpiry is not a parameter of this driver: who asks for a URL says how long it is valid (expiresIn)',
      'checksum_algorithm is not a parameter of this driver: the checksum is CRC32 where the provider knows it; leave it out',
    ])
    expect(problems({ ...least, objectownership: true, objectacl: 'private' })).toEqual([
      'objectOwnership and objectACL exclude each other',
    ])
  })

  describe('in an environment that names an endpoint', () => {
    const names = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']
    const before = names.map((name) => process.env[name])
    afterEach(() => {
      for (const [i, name] of names.entries()) {
        if (before[i] === undefined) delete process.env[name]
        else process.env[name] = before[i]
      }
    })

    it.each(names.slice(0, 2))('by %s are those of the store there', (name) => {
      process.env[name] = 'http://localhost:9000'
      expect(parse(least)).toMatchObject({
        endpoint: 'http://localhost:9000',
        provider: 'generic',
      })
      expect(parse({ ...least, endpoint: 'https://a.r2.cloudflarestorage.com' })).toMatchObject({
        provider: 'r2',
      })
      expect(parse({ ...least, client: {} }).endpoint).toBeUndefined()
      process.env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = 'true'
      expect(parse(least).provider).toBe('aws')
    })
  })

  it('need no static key, and count two only together', () => {
    expect(parse({ ...least, accesskey: 'only' }).secretKey).toBeUndefined()
  })
})

describe('a URL', () => {
  it('names bucket, root directory and parameters; the environment fills in', () => {
    const env = { AWS_REGION: 'eu-west-1' }
    expect(fromURL(new URL('s3://b/a%20b/c?chunksize=5242880'), env)).toEqual({
      ...{ bucket: 'b', rootDirectory: '/a b/c', chunksize: '5242880' },
      region: 'eu-west-1',
    })
    const full = new URL('s3://b?region=r&regionendpoint=h')
    expect(fromURL(full, env)).toEqual({
      ...{ bucket: 'b', rootDirectory: '', region: 'r', regionendpoint: 'h' },
    })
  })

  it.each(['s3://key:secret@b', 's3://b#x', 's3:///a', 's3://b/%zz'])(
    '%s is refused',
    async (url) => {
      const error = await createFromURL(url).catch((caught) => caught)
      expect(error.code).toBe('CONFIG')
      expect(error.message).not.toContain('secret')
    },
  )
})
