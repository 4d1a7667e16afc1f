// A fake: URLs signed by the V4 process, looked at from the service's side. See README.md in this folder.
import { createHash, createVerify } from 'node:crypto'
import type { Exchange } from './exchange.ts'
import { HttpError } from './http-error.ts'

const PARAMETER = 'X-Goog-Signature'

/**
 * Checks the signature in the query, where there is one: what was signed is the request as it came.
 * @param publicKey In PEM; undefined: every signature will do, as with the servers that others wrote.
 * @param host Under which it is signed. Default: the one that was asked.
 * @returns Whether the URL is signed.
 */
export function checkSignature(
  { query, request, method }: Exchange,
  publicKey: string | undefined,
  host: string = request.headers.host ?? '',
): boolean {
  const signature = query.get(PARAMETER)
  if (signature === null) return false
  if (publicKey === undefined) return true
  const [path = '', search = ''] = (request.url ?? '').split('?')
  const signed = search
    .split('&')
    .filter((pair) => !pair.startsWith(`${PARAMETER}=`))
    .sort()
    .join('&')
  const canonical = `${method}\n${path}\n${signed}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`
  const time = query.get('X-Goog-Date') ?? ''
  const scope = (query.get('X-Goog-Credential') ?? '').split('/').slice(1).join('/')
  const text = `${query.get('X-Goog-Algorithm')}\n${time}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`
  const fits = createVerify('RSA-SHA256').update(text).verify(publicKey, signature, 'hex')
  if (!fits || scope !== `${time.slice(0, 8)}/auto/storage/goog4_request`) {
    throw new HttpError(403, 'SignatureDoesNotMatch', 'forbidden')
  }
  const begin = Date.parse(
    time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  )
  if (!(Date.now() < begin + Number(query.get('X-Goog-Expires')) * 1000)) {
    throw new HttpError(400, 'ExpiredToken', 'invalid')
  }
  return true
}
