// What comes back is looked at before the SDK believes it: its size, and whether it is an answer of S3 at all.
import type { Readable } from 'node:stream'
import type * as S3 from '@aws-sdk/client-s3'
import { MAX_PAGE_BYTES, readBody, readErrorBody } from '@stowage/driver-kit'
import { NOT_S3 } from './errors.ts'

interface Answer {
  readonly response?: { statusCode: number; body?: unknown }
}

/** Answers with status 200 that are XML. Those of other requests are empty. */
const XML =
  /^(?:List\w+|DeleteObjects|CopyObject|UploadPartCopy|(?:Create|Complete)MultipartUpload|GetObjectTagging)$/

/** The name of the first element, after what XML has before it. */
const ROOT = /^(?:\s|<[?!][^>]{0,1000}>)*<([\w.:-]{1,100})/

/**
 * Reads every answer that is not content, up to a limit. An error document with status 200, as Amazon sends after
 * minutes of blanks, becomes a failure that is retried; anything else that is not an answer of S3 is refused.
 */
export function checkAnswers(
  { middlewareStack }: Pick<S3.PutObjectCommand, 'middlewareStack'>,
  operation: string,
): void {
  if (operation === 'HeadObject') return
  middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      const { response } = answer as Answer
      if (response !== undefined) await check(response, operation)
      return answer
    },
    { step: 'deserialize', name: 'stowageCheckAnswers', priority: 'low' },
  )
}

async function check(response: NonNullable<Answer['response']>, operation: string): Promise<void> {
  const { statusCode, body } = response
  if (!isStream(body)) return
  if (statusCode >= 300) {
    response.body = await readErrorBody(body)
    return
  }
  if (operation === 'GetObject') return
  const bytes = await readBody(body, MAX_PAGE_BYTES)
  response.body = bytes
  const root = rootOf(bytes)
  if (root === 'Error') response.statusCode = 503
  else if (!isResult(root) && (XML.test(operation) || !isBlank(bytes))) {
    throw Object.assign(new Error('the answer is not one of S3: check the endpoint'), {
      name: NOT_S3,
      $metadata: { httpStatusCode: statusCode },
    })
  }
}

/** Amazon sends blanks for minutes before some answers. */
function rootOf(bytes: Buffer): string | undefined {
  const start = Math.max(0, bytes.indexOf('<'))
  return ROOT.exec(bytes.subarray(start, start + 4096).toString())?.[1]
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte <= 32)
}

function isStream(body: unknown): body is Readable {
  return typeof (body as Readable | undefined)?.pipe === 'function'
}

function isResult(root: string | undefined): boolean {
  return root !== undefined && /(?:Result|Tagging)$/.test(root)
}
