import { type Readable, Transform } from 'node:stream'

/** Longest page of a listing, and any other answer that is not content, in bytes. */
export const MAX_PAGE_BYTES: number = 64 * 1024 * 1024
/** Longest body of an error, in bytes. */
export const MAX_ERROR_BYTES: number = 64 * 1024

function tooLong(maxBytes: number): Error {
  return Object.assign(new Error(`the answer has more than ${maxBytes} bytes`), {
    code: 'ERR_BODY_TOO_LONG',
  })
}

/**
 * Reads a body that is not content. After `maxBytes` the stream is destroyed.
 * @throws Error with the code `ERR_BODY_TOO_LONG`, or that of the stream.
 */
export async function readBody(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += (chunk as Buffer).length
    // Leaving the loop destroys the stream.
    if (size > maxBytes) throw tooLong(maxBytes)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks, size)
}

/**
 * The beginning of an error's body, at most `maxBytes`. What follows is not read.
 * @throws Error with the code `ECONNRESET` where the body broke off: what the error is went with the rest.
 */
export async function readErrorBody(
  stream: Readable,
  maxBytes: number = MAX_ERROR_BYTES,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
      if (size >= maxBytes) break
    }
  } catch {
    const code = 'ECONNRESET'
    throw Object.assign(new Error('the body of an error broke off'), { code })
  }
  return Buffer.concat(chunks, size).subarray(0, maxBytes)
}

/**
 * The same bytes, for an SDK that reads the body itself. After `maxBytes` it fails with the code `ERR_BODY_TOO_LONG`,
 * and the source is destroyed.
 */
export function limitBody(source: Readable, maxBytes: number): Readable {
  let size = 0
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > maxBytes) done(tooLong(maxBytes))
      else done(null, chunk)
    },
    destroy(error, done) {
      source.destroy()
      done(error)
    },
  })
  source.on('error', (error) => limited.destroy(error))
  // A body that breaks off does not end, it closes.
  source.on('close', () => {
    if (!source.readableEnded) limited.destroy(new Error('the body ended too early'))
  })
  return source.pipe(limited)
}
