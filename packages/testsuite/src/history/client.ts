// What a client does, in this process or in one of its own. It imports nothing but types and what has no dependency.
import type { StorageDriver, StorageErrorCode } from '@stowage/core'
import { Data } from '../data.ts'
import { type Event, type Outcome, type Step, sizeOf, type Value, valueOfSize } from './step.ts'

/** What tells a value's content. */
export interface Contents {
  readonly seed: number
  readonly partSize: number
}

/** Carries the steps out, one after the other, and tells what each came to. */
export async function perform(
  driver: StorageDriver,
  steps: readonly Step[],
  { client, contents }: { client: number; contents: Contents },
): Promise<Event[]> {
  const events: Event[] = []
  for (const step of steps) {
    let call = now()
    const outcome = await outcomeOf(driver, step, contents, () => {
      call = now()
    })
    events.push({ client, step, call, return: now(), outcome })
  }
  return events
}

function now(): number {
  return Number(process.hrtime.bigint())
}

async function outcomeOf(
  driver: StorageDriver,
  step: Step,
  contents: Contents,
  begins: () => void,
): Promise<Outcome> {
  try {
    return await run(driver, step, contents, begins)
  } catch (error) {
    const { code, message = String(error) } = error as { code?: StorageErrorCode; message?: string }
    return code === undefined ? { wrong: message } : { error: code, message }
  }
}

async function run(
  driver: StorageDriver,
  step: Step,
  contents: Contents,
  begins: () => void,
): Promise<Outcome> {
  const { path } = step
  switch (step.kind) {
    case 'put':
      await driver.putContent(path, dataOf(step.value, contents).bytes())
      return { done: true }
    case 'writer':
      await write(driver, step, contents, begins)
      return { done: true }
    case 'get':
      return told(await driver.getContent(path), contents)
    case 'read': {
      const chunks: Uint8Array[] = []
      for await (const chunk of await driver.reader(path)) chunks.push(chunk as Uint8Array)
      return told(Buffer.concat(chunks), contents)
    }
    case 'stat': {
      const { size, isDir } = await driver.stat(path)
      if (isDir) return { wrong: 'a directory' }
      return sized(size, contents)
    }
    case 'list':
      return { entries: (await all(driver.list(path))).map((key) => ({ key })) }
    case 'walk':
      return walked(driver, path, contents)
    case 'delete':
      await driver.delete(path)
      return { done: true }
    case 'move':
      await driver.move(path, step.destination)
      return { done: true }
  }
}

async function write(
  driver: StorageDriver,
  { path, value, pieces, end }: Step & { kind: 'writer' },
  contents: Contents,
  begins: () => void,
): Promise<void> {
  const data = dataOf(value, contents)
  const writer = await driver.writer(path)
  try {
    for await (const piece of data.stream(Math.ceil(data.size / pieces))) await writer.write(piece)
    // What is written before is to be seen by nobody.
    begins()
    await writer[end]()
  } finally {
    await writer.close()
  }
}

async function walked(driver: StorageDriver, path: string, contents: Contents): Promise<Outcome> {
  const entries: { key: string; value?: Value }[] = []
  for (const info of await all(driver.walk(path))) {
    if (info.isDir) entries.push({ key: `${info.path}/` })
    else {
      const value = valueOfSize(info.size, contents.partSize)
      if (value === undefined) return { wrong: `${info.size} bytes, which nobody has written` }
      entries.push({ key: info.path, value })
    }
  }
  return { entries }
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of source) found.push(item)
  return found
}

function dataOf(value: Value, { seed, partSize }: Contents): Data {
  return new Data(seed, `v${value}`, sizeOf(value, partSize))
}

function sized(size: number, { partSize }: Contents): Outcome {
  const value = valueOfSize(size, partSize)
  return value === undefined ? { wrong: `${size} bytes, which nobody has written` } : { value }
}

/** Which content this is; a mixture of several is none. */
function told(content: Uint8Array, contents: Contents): Outcome {
  const outcome = sized(content.length, contents)
  if (!('value' in outcome)) return outcome
  const expected = dataOf(outcome.value, contents).bytes()
  if (Buffer.compare(expected, content) === 0) return outcome
  const at = expected.findIndex((byte, index) => byte !== content[index])
  return { wrong: `torn: as long as v${outcome.value}, but another byte at ${at}` }
}
