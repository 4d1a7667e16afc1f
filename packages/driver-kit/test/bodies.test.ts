import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { limitBody, readBody, readErrorBody } from '@stowage/driver-kit'

const KIB = Buffer.alloc(1024, 'x')

function endless(): Readable {
  return new Readable({
    read() {
      this.push(KIB)
    },
  })
}

function broken(): Readable {
  let sent = false
  return new Readable({
    read() {
      if (sent) this.destroy(new Error('broken'))
      else this.push(KIB)
      sent = true
    },
  })
}

describe.each([
  ['readBody', readBody],
  ['limitBody', (stream: Readable, max: number) => buffer(limitBody(stream, max))],
])('%s', (_name, read) => {
  it('gives all bytes up to the limit', async () => {
    expect(await read(Readable.from([KIB, KIB]), 2048)).toEqual(Buffer.concat([KIB, KIB]))
  })

  it('fails after the limit and ends the source', async () => {
    const source = endless()
    const closed = new Promise((resolve) => source.once('close', resolve))
    await expect(read(source, 3000)).rejects.toMatchObject({ code: 'ERR_BODY_TOO_LONG' })
    await closed
    expect(source.destroyed).toBe(true)
  })

  it('fails with the source', async () => {
    await expect(read(broken(), 3000)).rejects.toThrow('broken')
  })
})

describe('limitBody', () => {
  it('fails where the body closes before its end', async () => {
    const source = new Readable({ read() {} })
    source.push(KIB)
    const read = buffer(limitBody(source, 3000))
    source.destroy()
    await expect(read).rejects.toThrow('ended too early')
  })

  it('ends the source with itself', async () => {
    const source = endless()
    limitBody(source, 3000).destroy()
    await once(source, 'close')
    expect(source.destroyed).toBe(true)
  })
})

describe('readErrorBody', () => {
  it('takes the beginning and ends the source', async () => {
    const source = endless()
    expect(await readErrorBody(source, 1500)).toHaveLength(1500)
    expect(source.destroyed).toBe(true)
  })

  it('fails as a connection does where a body breaks', async () => {
    await expect(readErrorBody(broken())).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})
