import { type DriverWriter, type FileWriter, toStorageDriver } from '@stowage/core/driver'
import { Memory } from './helpers/memory.ts'
import { countListeners, failure, type Gate, gate, settle } from './helpers/util.ts'

type Method = 'write' | 'close' | 'cancel' | 'commit'

/** A inner writer that notes its calls, fails where it is told to, and waits where it is told to. */
class Scripted implements DriverWriter {
  size = 0
  readonly calls: string[] = []
  readonly failing = new Set<Method>()
  readonly gates = new Map<Method, Gate>()
  running = 0

  async #run(method: Method, call: string = method): Promise<void> {
    this.calls.push(call)
    expect(++this.running).toBe(1)
    try {
      await this.gates.get(method)?.opened
      if (this.failing.has(method)) throw new Error(`${method} broke`)
    } finally {
      this.running--
    }
  }
  async write(chunk: Uint8Array): Promise<void> {
    await this.#run('write', `write ${Buffer.from(chunk)}`)
    this.size += chunk.length
  }
  close = (): Promise<void> => this.#run('close')
  cancel = (): Promise<void> => this.#run('cancel')
  commit = (): Promise<void> => this.#run('commit')
}

async function open(signal?: AbortSignal): Promise<{ inner: Scripted; writer: FileWriter }> {
  const inner = new Scripted()
  class Fixed extends Memory {
    override async writer(): Promise<DriverWriter> {
      return inner
    }
  }
  return { inner, writer: await toStorageDriver(new Fixed()).writer('/a', { signal }) }
}

const call = (writer: FileWriter, method: Method): Promise<unknown> =>
  method === 'write' ? writer.write(Buffer.from('x')) : writer[method]()
const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'fine',
    (error) => `${error.code}: ${error.message}`,
  )

describe('the states', () => {
  const no = (state: string) => `WRITER_STATE: memory: already ${state}: /a`
  it.each<[Method, Record<Method, string>]>([
    ['close', { write: no('closed'), commit: no('closed'), cancel: no('closed'), close: 'fine' }],
    [
      'commit',
      { write: no('committed'), commit: no('committed'), cancel: no('committed'), close: 'fine' },
    ],
    ['cancel', { write: no('cancelled'), commit: no('cancelled'), cancel: 'fine', close: 'fine' }],
  ])('after %s', async (end, expected) => {
    for (const [method, result] of Object.entries(expected) as [Method, string][]) {
      const { inner, writer } = await open()
      await call(writer, end)
      expect(await outcome(call(writer, method))).toBe(result)
      expect(inner.calls).toEqual([end])
    }
  })

  it('close at the end of a scope, once', async () => {
    const { inner, writer } = await open()
    await writer[Symbol.asyncDispose]()
    await writer[Symbol.asyncDispose]()
    expect(inner.calls).toEqual(['close'])
  })
})

describe('write', () => {
  it('says how much it took, and leaves out empty chunks', async () => {
    const { inner, writer } = await open()
    expect(await writer.write(Buffer.from('abc'))).toBe(3)
    expect(await writer.write(new Uint8Array())).toBe(0)
    expect(inner.calls).toEqual(['write abc'])
    expect(writer.size).toBe(3)
    expect(writer.path).toBe('/a')
  })

  it('runs one call at a time, in order, although nobody waits', async () => {
    const { inner, writer } = await open()
    const writing = gate()
    inner.gates.set('write', writing)
    const calls = [1, 2, 3].map((n) => writer.write(Buffer.from(String(n))))
    const rest = [writer.commit(), writer.close()]
    await settle()
    expect(inner.calls).toEqual(['write 1'])
    writing.open()
    await Promise.all([...calls, ...rest])
    expect(inner.calls).toEqual(['write 1', 'write 2', 'write 3', 'commit'])
  })
})

describe('after a failed write', () => {
  it('only close and cancel are possible', async () => {
    for (const end of ['close', 'cancel'] as const) {
      const { inner, writer } = await open()
      inner.failing.add('write')
      expect(await outcome(call(writer, 'write'))).toBe('DRIVER: memory: write broke')
      for (const method of ['write', 'commit'] as const) {
        const error = await failure(call(writer, method))
        expect(error.message).toMatch(/^memory: a write failed: \/a \(close it/)
        expect(error).toMatchObject({ code: 'WRITER_STATE', cause: { message: 'write broke' } })
      }
      await writer[end]()
      expect(inner.calls).toEqual(['write x', end])
    }
  })
})

describe('after a failed commit', () => {
  it('commit, close and cancel are possible, write is not', async () => {
    for (const next of ['commit', 'close', 'cancel'] as const) {
      const { inner, writer } = await open()
      inner.failing.add('commit')
      expect(await outcome(writer.commit())).toBe('DRIVER: memory: commit broke')
      expect((await failure(call(writer, 'write'))).code).toBe('WRITER_STATE')
      inner.failing.clear()
      await writer[next]()
      expect(inner.calls).toEqual(['commit', next])
    }
  })
})

it.each(['close', 'cancel'] as const)('%s can be tried again after it failed', async (end) => {
  const { inner, writer } = await open()
  inner.failing.add(end)
  expect(await outcome(writer[end]())).toBe(`DRIVER: memory: ${end} broke`)
  inner.failing.clear()
  await writer[end]()
  await writer[end]()
  expect(inner.calls).toEqual([end, end])
})

it('takes an error that is thrown and not rejected for a failure as well', async () => {
  const { inner, writer } = await open()
  inner.write = () => {
    throw new Error('at once')
  }
  expect(await outcome(call(writer, 'write'))).toBe('DRIVER: memory: at once')
  expect((await failure(writer.commit())).code).toBe('WRITER_STATE')
})

describe('an abort', () => {
  const reason = new Error('enough')

  it.each<Method>(['write', 'commit'])(
    'during %s rejects at once and cancels afterwards',
    async (method) => {
      for (const fails of [false, true]) {
        const abort = new AbortController()
        const listeners = countListeners(abort.signal)
        const { inner, writer } = await open(abort.signal)
        const running = gate()
        inner.gates.set(method, running)
        if (fails) inner.failing.add(method)
        const pending = call(writer, method)
        await settle()
        abort.abort(reason)
        expect(await failure(pending)).toBe(reason)
        expect(inner.calls).toHaveLength(1)
        running.open()
        await settle()
        // A commit that went through cannot be taken back.
        const gone = method === 'commit' && !fails
        expect(inner.calls.slice(1)).toEqual(gone ? [] : ['cancel'])
        expect(listeners()).toBe(0)
      }
    },
  )

  it('during close and cancel lets them come to their end', async () => {
    for (const method of ['close', 'cancel'] as const) {
      const abort = new AbortController()
      const { inner, writer } = await open(abort.signal)
      const running = gate()
      inner.gates.set(method, running)
      const pending = outcome(writer[method]())
      await settle()
      abort.abort(reason)
      running.open()
      expect(await pending).toBe(method === 'close' ? 'undefined: enough' : 'fine')
      await settle()
      expect(inner.calls).toEqual([method])
    }
  })

  it.each([
    ['commit', false, /^WRITER_STATE: .*already committed/],
    ['close', false, /^WRITER_STATE: .*already closed/],
    ['commit', true, /^fine$/],
    ['close', true, /^fine$/],
  ] as const)(
    'during %s (fails: %s): cancel waits, and tells whether it was carried out',
    async (method, fails, told) => {
      const abort = new AbortController()
      const { inner, writer } = await open(abort.signal)
      const running = gate()
      inner.gates.set(method, running)
      if (fails) inner.failing.add(method)
      const pending = failure(writer[method]())
      await settle()
      abort.abort(reason)
      expect(await pending).toBe(reason)
      let seen = ''
      const cancelled = outcome(writer.cancel()).then((text) => {
        seen = text
      })
      await settle()
      expect(seen).toBe('')
      running.open()
      await cancelled
      expect(seen).toMatch(told)
      expect(inner.calls).toEqual(fails ? [method, 'cancel'] : [method])
    },
  )

  it('keeps calls that wait from running: nothing is published or kept', async () => {
    for (const end of ['commit', 'close'] as const) {
      const abort = new AbortController()
      const { inner, writer } = await open(abort.signal)
      const writing = gate()
      inner.gates.set('write', writing)
      const calls = [call(writer, 'write'), call(writer, 'write'), writer[end]()]
      const failures = Promise.all(calls.map(failure))
      await settle()
      abort.abort(reason)
      expect(await failures).toEqual([reason, reason, reason])
      writing.open()
      await writer.cancel()
      expect(inner.calls).toEqual(['write x', 'cancel'])
    }
  })

  it('lets the session of a closed writer alone: another one may have it', async () => {
    const control = new AbortController()
    const { inner, writer } = await open(control.signal)
    await writer.close()
    control.abort()
    expect(await outcome(writer.cancel())).toMatch(/^WRITER_STATE: .*already closed/)
    expect(inner.calls).toEqual(['close'])
  })

  it('makes cancel and close wait for the clean-up, and everything else reject', async () => {
    for (const end of ['close', 'cancel'] as const) {
      const abort = new AbortController()
      const { inner, writer } = await open(abort.signal)
      const cancelling = gate()
      inner.gates.set('cancel', cancelling)
      abort.abort(reason)
      let ended = false
      const waits = writer[end]().then(() => {
        ended = true
      })
      expect(await failure(writer.commit())).toBe(reason)
      expect(await failure(call(writer, 'write'))).toBe(reason)
      await settle()
      expect(ended).toBe(false)
      cancelling.open()
      await waits
      expect(inner.calls).toEqual(['cancel'])
    }
  })

  it('whose clean-up fails can be cleaned up again', async () => {
    for (const end of ['close', 'cancel'] as const) {
      const abort = new AbortController()
      const { inner, writer } = await open(abort.signal)
      inner.failing.add('cancel')
      abort.abort(reason)
      expect(await outcome(writer[end]())).toBe('DRIVER: memory: cancel broke')
      expect(await failure(writer.commit())).toBe(reason)
      inner.failing.clear()
      await writer[end]()
      expect(inner.calls).toEqual(['cancel', 'cancel', 'cancel'])
    }
  })

  it('does nothing to a writer that has ended', async () => {
    for (const end of ['close', 'commit', 'cancel'] as const) {
      const abort = new AbortController()
      const listeners = countListeners(abort.signal)
      const { inner, writer } = await open(abort.signal)
      await writer[end]()
      expect(listeners()).toBe(0)
      abort.abort(reason)
      await settle()
      expect(inner.calls).toEqual([end])
    }
  })
})
