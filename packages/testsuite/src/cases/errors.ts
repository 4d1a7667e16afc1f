import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { isStorageError, type StorageError } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { type CaseContext, paths } from '../context.ts'

async function errorOf(promise: Promise<unknown>): Promise<StorageError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(isStorageError(error), `an error of Stowage, not ${inspect(error)}`)
  return error
}

function missing(t: CaseContext): readonly (() => Promise<unknown>)[] {
  const { driver } = t
  return [
    () => driver.getContent('/none'),
    () => driver.reader('/none'),
    () => driver.stat('/none'),
    () => driver.delete('/none'),
    () => driver.move('/none', '/other'),
    () => paths(driver.list('/none')),
    () => paths(driver.walk('/none')),
  ]
}

export const errors: readonly Case[] = area('errors', [
  {
    id: 'not-found',
    title: "PathNotFoundError has the original's words and JSON fields, in every call",
    run: async (t) => {
      for (const call of missing(t)) {
        const error = await errorOf(call())
        assert.equal(error.name, 'PathNotFoundError')
        assert.ok(
          error.message.startsWith(`${t.driver.name}: Path not found: /none`),
          error.message,
        )
        const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>
        assert.deepEqual([json.Path, json.DriverName], ['/none', t.driver.name])
        assert.equal(error.retryable, false)
      }
    },
  },
  {
    id: 'invalid-path',
    title: "InvalidPathError has the original's words and JSON fields",
    run: async (t) => {
      const error = await errorOf(t.driver.getContent('/a//b'))
      assert.equal(error.name, 'InvalidPathError')
      assert.ok(error.message.startsWith(`${t.driver.name}: invalid path: /a//b`), error.message)
      const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>
      assert.deepEqual([json.Path, json.DriverName], ['/a//b', t.driver.name])
    },
  },
  {
    id: 'invalid-offset',
    title: "InvalidOffsetError has the original's words and JSON fields",
    run: async (t) => {
      await t.put('/file')
      for (const offset of [-1, 33]) {
        const error = await errorOf(t.driver.reader('/file', { offset }))
        assert.equal(error.name, 'InvalidOffsetError')
        const words = `${t.driver.name}: invalid offset: ${offset} for path: /file`
        assert.ok(error.message.startsWith(words), error.message)
        const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>
        assert.deepEqual([json.Path, json.Offset], ['/file', offset])
        assert.equal(json.DriverName, t.driver.name)
      }
    },
  },
  {
    id: 'writer-state',
    title: "WriterStateError has the original's words",
    run: async (t) => {
      const writer = await t.begin('/file', t.data('/file'))
      await writer.commit()
      const error = await errorOf(writer.commit())
      assert.equal(error.name, 'WriterStateError')
      assert.match(error.message, /already committed/)
    },
  },
  {
    id: 'shown',
    title: 'an error shows itself in one piece: with a stack that begins with its message',
    run: async (t) => {
      for (const call of missing(t)) {
        const error = await errorOf(call())
        assert.ok(error.stack?.includes(error.message), `the stack has the message: ${error.stack}`)
        assert.match(inspect(error), /PathNotFoundError/)
      }
    },
  },
  {
    id: 'no-control-characters',
    title: 'a message shows the control characters of a hostile path, and does not hold them',
    run: async (t) => {
      const error = await errorOf(t.driver.stat('/a\u001b[31m\nb'))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
      assert.doesNotMatch(error.message, /[\u0000-\u001f]/)
      assert.equal(error.path, '/a\u001b[31m\nb')
    },
  },
])
