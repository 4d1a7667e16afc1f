import type * as S3 from '@aws-sdk/client-s3'

/** What of a request may hold secrets. */
export interface SentRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined
}

/** Names of headers and query parameters whose whole value is a secret. */
const SECRET_NAMES =
  /^(authorization|proxy-authorization|x-amz-(security-token|credential|signature)|x-amz-(copy-source-)?server-side-encryption-customer-key(-md5)?|signature|awsaccesskeyid)$/i

/** Access key and signature of both versions. Either may hold a slash: nothing is cut at one. */
const AUTHORIZATION = [
  /^(?:Basic|Bearer) (?<token>\S+)$/i,
  /^AWS (?<key>.+):(?<signature>[^:]+)$/,
  /Credential=(?<key>.+?)\/\d{8}\/[^/]+\/[^/]+\/aws4_request.*Signature=(?<signature>\w+)/,
  /^(?<key>.+)\/\d{8}\/[^/]+\/[^/]+\/aws4_request$/,
]

/** The credentials and signatures of a request as it goes out, each whole: services repeat them in errors. */
export function secretsOf({ headers, query = {} }: SentRequest): string[] {
  return [...Object.entries(headers), ...Object.entries(query)]
    .filter(([name]) => SECRET_NAMES.test(name))
    .flatMap(([, value]) => value ?? [])
    .flatMap((value) => [value, ...partsOf(value)])
}

function partsOf(value: string): string[] {
  const groups = AUTHORIZATION.map((form) => form.exec(value)?.groups).find(Boolean)
  return Object.values(groups ?? {})
}

/**
 * Notes the secrets of the request as it goes out, those of a provider's credentials too, for services whose
 * errors repeat it. Afterwards it drops the body: timers of the SDK and idle sockets keep the last request for
 * seconds, and with several connections its bytes are another part for each.
 */
export function watchRequest(
  { middlewareStack }: Pick<S3.PutObjectCommand, 'middlewareStack'>,
  sent: string[],
): void {
  middlewareStack.add(
    (next) => async (args) => {
      const { request } = args as { request?: SentRequest & { body?: unknown } }
      if (request === undefined) return next(args)
      sent.push(...secretsOf(request))
      // A copy: a signer that signs nothing gives back the object that a retry needs again.
      const own = Object.assign(Object.create(Object.getPrototypeOf(request)), request)
      try {
        return await next({ ...args, request: own })
      } finally {
        own.body = undefined
      }
    },
    { step: 'deserialize', name: 'stowageWatchRequest', priority: 'low' },
  )
}
