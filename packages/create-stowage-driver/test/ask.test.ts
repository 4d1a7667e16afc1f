import { PassThrough, Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { ask, type Terminal } from '../src/ask.ts'

const DOWN = '\x1b[B'
const ENTER = '\r'
const CONTROL_C = '\x03'

/** A terminal in which somebody types, each time once the words before can be seen. */
function typing(...steps: readonly (readonly [after: string, keys: string])[]) {
  let seen = ''
  const output = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        seen += chunk
        done()
      },
    }),
    { columns: 100, rows: 40, isTTY: true },
  )
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })
  const typed = (async () => {
    for (const [after, keys] of steps) {
      while (!seen.includes(after)) await wait(5)
      seen = ''
      for (const key of keys === DOWN ? [keys] : keys) input.write(key)
    }
  })()
  const terminal: Terminal = { input, output }
  return { terminal, typed, seen: () => seen }
}

it('asks for what is missing, and again for a name that is none', async () => {
  const { terminal, typed } = typing(
    ['registered as?', `A${ENTER}`],
    ['is no name for a driver', `\x7fredis${ENTER}`],
    ['What to begin with?', DOWN],
    ['●', ENTER],
    ['Which license?', ENTER],
  )
  expect(await ask({}, terminal)).toEqual({
    name: 'redis',
    template: 'complete',
    license: 'Apache-2.0',
    directory: './stowage-driver-redis',
  })
  await typed
})

it('asks only for what is missing', async () => {
  const { terminal, typed } = typing(['Which license?', ENTER])
  const choices = await ask({ name: 'redis', template: 'complete', directory: 'there' }, terminal)
  expect(choices).toMatchObject({ template: 'complete', license: 'Apache-2.0', directory: 'there' })
  await typed
})

it('makes nothing where the user breaks off', async () => {
  const { terminal, typed, seen } = typing(['registered as?', CONTROL_C])
  expect(await ask({}, terminal)).toBeUndefined()
  await typed
  expect(seen()).toContain('Nothing was made.')
})

it('asks nothing where nobody can answer, or where what is given is wrong', async () => {
  expect(await ask({ name: 'redis' })).toMatchObject({ template: 'minimal', license: 'Apache-2.0' })
  const { terminal, seen } = typing()
  for (const given of [{ name: 'S3' }, { license: 'GPL' }, { name: 'redis', directory: '.' }]) {
    await expect(ask(given, terminal)).rejects.toThrow()
  }
  expect(seen()).toBe('')
})
