// @google-cloud/storage itself.
import { pipeline } from 'node:stream/promises'
import type { Config } from '../protocol.ts'
import { gcsStorage } from '../sdk-clients.ts'
import type { Subject } from '../subject.ts'

export async function open(config: Config): Promise<Subject> {
  const bucket = (await gcsStorage(config)).bucket(config.bucket ?? '')
  const file = (path: string) => bucket.file(path.slice(1))
  /** An upload that is not told so is a resumable one, of three requests. */
  const whole = { resumable: false }

  async function* pages(path: string, delimiter?: string): AsyncGenerator<unknown> {
    let query: object | undefined = {
      ...{ prefix: `${path.slice(1)}/`, autoPaginate: false, maxResults: 1000 },
      ...(delimiter && { delimiter }),
    }
    while (query) {
      const [files, next, reply] = (await bucket.getFiles(query)) as unknown as Page
      yield* files
      yield* reply?.prefixes ?? []
      query = next
    }
  }

  return {
    put: (path, content) => file(path).save(Buffer.from(content), whole),
    get: async (path) => (await file(path).download())[0],
    upload: (path, source) => pipeline(source(), file(path).createWriteStream()),
    download: async (path) => file(path).createReadStream(),
    list: (path) => pages(path, '/'),
    walk: (path) => pages(path),
    move: (from, to) => file(from).move(file(to)),
    delete: (path) => bucket.deleteFiles({ prefix: `${path.slice(1)}/` }),
  }
}

type Page = [unknown[], object | undefined, { prefixes?: string[] } | undefined]
