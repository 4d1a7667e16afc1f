import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { isStorageError } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { type Endpoint, openStorageEndpoint } from '../endpoints.ts'
import { usageError } from '../errors.ts'
import { parseBytes } from '../format.ts'

interface Options {
  readonly offset?: number | undefined
  readonly length?: number | undefined
}

/** `cat`: bytes and nothing else on stdout; with `--json` they come as base64, a chunk a line. */
export const addCat: Add = (program, bind) => {
  program
    .command('cat')
    .description('write the bytes of files to standard output')
    .argument('<locations...>')
    .option('--offset <bytes>', 'skip that many bytes at the start', parseBytes)
    .option('--length <bytes>', 'write at most that many bytes', parseBytes)
    .addHelpText(
      'after',
      examples(
        ['stowage cat fs:///var/data#/a.txt'],
        ['stowage cat --offset 1MiB --length 64k fs:///var/data#/big.bin > part'],
      ),
    )
    .action(bind<Options>(cat))
}

async function cat(context: Context, locations: readonly string[], options: Options) {
  for (const location of locations) await one(context, location, options)
}

async function one(context: Context, location: string, { offset = 0, length }: Options) {
  const { out, json } = context
  const end = await openStorageEndpoint(context, location)
  const { path } = end
  const hash = createHash('sha256')
  let at = offset
  const reader = await openFile(context, end, { offset, length })
  for await (const chunk of reader) {
    if (json) {
      hash.update(chunk)
      const data = (chunk as Buffer).toString('base64')
      await out.result({ type: 'data', path, offset: at, bytes: chunk.length, data })
    } else {
      await out.write(chunk)
    }
    at += chunk.length
  }
  if (json) {
    await out.result({ type: 'end', path, offset, bytes: at - offset, sha256: hash.digest('hex') })
  }
}

/** Opens a file for reading. @throws CliError where a directory is there. */
export async function openFile(
  { signal }: Context,
  { storage, path, show }: Endpoint,
  part: Options = {},
): Promise<Readable> {
  try {
    return await storage.reader(path, { ...part, signal })
  } catch (error) {
    if (!isStorageError(error, 'PATH_NOT_FOUND') && path !== '/') throw error
    // It may be a directory; if nothing is there, this fails as the reader has.
    const { isDir } = await storage.stat(path, { signal })
    if (!isDir) throw error
    throw usageError(
      `${show(path)} is a directory`,
      'list it with stowage ls, fetch it with get -r',
    )
  }
}
