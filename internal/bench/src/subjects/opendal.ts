// Apache OpenDAL's binding for Node.js: its work is done in Rust, in threads of its own.
import { pipeline } from 'node:stream/promises'
import { Operator } from 'opendal'
import type { Config } from '../protocol.ts'
import type { Subject } from '../subject.ts'

export async function open(config: Config): Promise<Subject> {
  const operator = new Operator(...scheme(config))
  const key = (path: string): string => path.slice(1)
  return {
    walksDirectories: true,
    put: (path, content) => operator.write(key(path), Buffer.from(content.buffer)),
    get: (path) => operator.read(key(path)),
    upload: async (path, source) => {
      const writer = await operator.writer(key(path))
      await pipeline(source(), writer.createWriteStream())
    },
    download: async (path) => (await operator.reader(key(path))).createReadStream(),
    list: (path) => entries(`${key(path)}/`, false),
    walk: (path) => entries(`${key(path)}/`, true),
    ...(operator.capability().rename && {
      move: (from: string, to: string) => operator.rename(key(from), key(to)),
    }),
    delete: (path) => operator.removeAll(`${key(path)}/`),
  }

  async function* entries(path: string, recursive: boolean): AsyncGenerator<unknown> {
    const lister = await operator.lister(path, { recursive })
    for (let entry = await lister.next(); entry; entry = await lister.next()) {
      if (entry.path() !== path) yield entry
    }
  }
}

function scheme(config: Config): [string, Record<string, string>] {
  const { endpoint = '', bucket = '' } = config
  if (config.backend === 'fs') return ['fs', { root: config.rootDirectory ?? '' }]
  if (config.backend === 's3') {
    const { region = '', accessKey = '', secretKey = '' } = config
    const keys = { access_key_id: accessKey, secret_access_key: secretKey }
    return ['s3', { root: '/', bucket, region, endpoint, ...keys }]
  }
  if (config.backend === 'azure') {
    const { container = '', accountName = '', accountKey = '' } = config
    return ['azblob', { container, endpoint, account_name: accountName, account_key: accountKey }]
  }
  const free = { allow_anonymous: 'true', disable_vm_metadata: 'true', disable_config_load: 'true' }
  return ['gcs', { bucket, endpoint, root: '/', ...free }]
}
