import { type KeyObject, sign } from 'node:crypto'

interface Signer {
  readonly key: KeyObject
  readonly keyPairId: string
  /** When the URL stops to work, in seconds since 1970. */
  readonly expires: number
}

const OWN = ['Expires', 'Policy', 'Signature', 'Key-Pair-Id']

/**
 * The URL with a signature by which CloudFront lets anybody read it until then: a canned policy, RSA
 * PKCS#1 v1.5 over SHA-1, which is what CloudFront takes
 * (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html).
 * @throws TypeError where the URL cannot be signed.
 */
export function signCannedPolicy(url: string, { key, keyPairId, expires }: Signer): string {
  const problem = problemOf(url)
  if (problem !== undefined) throw new TypeError(problem)
  const policy = `{"Statement":[{"Resource":${JSON.stringify(url)},"Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`
  const signature = sign('RSA-SHA1', Buffer.from(policy), key)
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('=', '_')
    .replaceAll('/', '~')
  const joint = url.includes('?') ? '&' : '?'
  return `${url}${joint}Expires=${expires}&Signature=${signature}&Key-Pair-Id=${keyPairId}`
}

function problemOf(url: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(url)) return 'a URL to sign has ASCII characters only'
  // CloudFront takes them for wildcards: the signature would be good for other URLs too.
  if (url.includes('*') || url.indexOf('?') !== url.lastIndexOf('?'))
    return 'a URL to sign has no * and at most one ?: encode them as %2A and %3F'
  if (!URL.canParse(url)) return 'that is no URL to sign'
  const { protocol, searchParams } = new URL(url)
  if (!/^(https?|rtmp):$/.test(protocol))
    return `a URL to sign is http, https or rtmp, not ${protocol}`
  const own = OWN.find((name) => searchParams.has(name))
  return own && `a URL to sign cannot have the parameter ${own} already`
}
