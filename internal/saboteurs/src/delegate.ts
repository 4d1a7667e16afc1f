import { Readable } from 'node:stream'
import type {
  Driver,
  DriverCallOptions,
  DriverWriter,
  DriverWriterOptions,
  FileInfo,
} from '@stowage/core/driver'

/** Bytes that the suite takes for the size of a part; small, so that borders are cheap. */
export const PART_SIZE = 256
/** Entries that the suite takes for the size of a page. */
export const PAGE_SIZE = 8

/** The object with some members replaced; the others work on the original. */
export function change<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      if (key in members) return Reflect.get(members, key)
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The driver with its writers changed. */
export function changeWriter(
  bare: Driver,
  members: (
    writer: DriverWriter,
    path: string,
    options: DriverWriterOptions,
  ) => Partial<DriverWriter>,
): Driver {
  return change(bare, {
    async writer(path, options) {
      const writer = await bare.writer(path, options)
      return change(writer, members(writer, path, options))
    },
  })
}

/** The driver whose streams carry what the function makes of the bytes. */
export function changeStream(
  bare: Driver,
  make: (bytes: Buffer, range: { offset: number; length: number | undefined }) => Buffer[],
): Driver {
  return change(bare, {
    async reader(path, options) {
      const bytes = await collect(await bare.reader(path, options))
      return streamOf(make(bytes, { offset: options.offset, length: options.length }))
    },
  })
}

/** What a driver lists. */
export function listOf(
  bare: Driver,
  path: string,
  options: DriverCallOptions,
): AsyncIterable<string> {
  return bare.list?.(path, options) ?? nothing()
}

/** The driver with other names for its files: what is asked for goes through the function. */
export function changePaths(bare: Driver, name: (path: string) => string): Driver {
  return change(bare, {
    getContent: (path, options) => bare.getContent(name(path), options),
    putContent: (path, content, options) => bare.putContent(name(path), content, options),
    reader: (path, options) => bare.reader(name(path), options),
    writer: (path, options) => bare.writer(name(path), options),
    async stat(path, options) {
      return { ...(await bare.stat(name(path), options)), path }
    },
    list: (path, options) => listOf(bare, name(path), options),
    walk: (path, options) => bare.walk?.(name(path), options) ?? nothing(),
    move: (source, destination, options) => bare.move(name(source), name(destination), options),
    delete: (path, options) => bare.delete(name(path), options),
  })
}

/** The driver which calls the function before anything is changed. */
export function beforeChange(bare: Driver, forget: () => void): Driver {
  const after = <A extends unknown[], R>(run: (...rest: A) => R) => {
    return (...rest: A): R => {
      forget()
      return run(...rest)
    }
  }
  return change(bare, {
    putContent: after((path, content, options) => bare.putContent(path, content, options)),
    writer: after((path, options) => bare.writer(path, options)),
    move: after((source, destination, options) => bare.move(source, destination, options)),
    delete: after((path, options) => bare.delete(path, options)),
  })
}

async function* nothing(): AsyncGenerator<never> {}

export async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** A stream of exactly these chunks. */
export function streamOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Readable {
  return Readable.from(chunks, { objectMode: false, highWaterMark: 1 })
}

export async function items<T>(source: AsyncIterable<T> | undefined): Promise<T[]> {
  const found: T[] = []
  for await (const item of source ?? nothing()) found.push(item)
  return found
}

/** Every file beneath the path. */
export function files(bare: Driver, path: string): Promise<FileInfo[]> {
  return items(bare.walk?.(path, { skip: undefined }))
}

/** Whether a file or a directory is at the path. */
export async function exists(bare: Driver, path: string): Promise<boolean> {
  return bare.stat(path, {}).then(
    () => true,
    () => false,
  )
}

/** The paths of the idle uploads at and beneath the path, oldest first. */
export async function uploads(bare: Driver, path: string): Promise<string[]> {
  const olderThan = new Date(Date.now() + 24 * 3600 * 1000)
  const found = await items(bare.purgeUploads?.(path, { olderThan, dryRun: true }))
  return found.map((upload) => upload.path)
}

/** Lets everything happen that waits for the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const leaked = new Set<NodeJS.Timeout>()

/** Something that stays with the process until it is stopped, as a forgotten socket does. */
export function leak(): NodeJS.Timeout {
  const timer = setInterval(() => {}, 1 << 30)
  leaked.add(timer)
  return timer
}

/** Stops what saboteurs have leaked: the proof is over. */
export function stopLeaks(): void {
  for (const timer of leaked) clearInterval(timer)
  leaked.clear()
}
