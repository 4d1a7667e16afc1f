import { isStorageError, type UploadInfo } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { openStorageEndpoint } from '../endpoints.ts'
import { bytes, parseDuration, plural } from '../format.ts'

interface Options {
  readonly olderThan: number
  readonly dryRun?: boolean
}

/** The age at which a registry purges uploads. */
const WEEK = 7 * 24 * 3_600_000

/** `purge`: removes uploads that nobody has finished. Files are never touched. */
export const addPurge: Add = (program, bind) => {
  program
    .command('purge')
    .description('remove unfinished uploads, never files')
    .argument('[location]')
    .option('--older-than <age>', 'only those begun longer ago, such as 12h or 7d', parseDuration)
    .option('-n, --dry-run', 'show what would be removed')
    .addHelpText(
      'after',
      examples(
        ['stowage purge --dry-run --older-than 0 fs:///var/data', 'which uploads are unfinished?'],
        ['stowage purge fs:///var/data', 'remove those that are older than 7 days'],
      ),
    )
    .action(bind<Options>(purge))
}

async function purge(context: Context, [location]: readonly string[], options: Options) {
  const { out, signal } = context
  const { olderThan: age = WEEK, dryRun = false } = options
  const { storage, path, show } = await openStorageEndpoint(context, location)
  // A moment ahead, so that 0 means every upload there is, whatever the clock's resolution.
  const olderThan = new Date(age === 0 ? Date.now() + 60_000 : Date.now() - age)
  if (!dryRun) out.goOn()
  const verb = dryRun ? 'would remove' : 'removed'
  const report = async (uploads: readonly UploadInfo[]): Promise<void> => {
    for (const { path: upload, startedAt, size } of uploads) {
      const about = size === undefined ? '' : `, ${bytes(size)}`
      const text = `${verb} the upload of ${show(upload)} (begun ${startedAt.toISOString()}${about})`
      const entry = { type: 'upload', path: upload, startedAt, bytes: size, removed: !dryRun }
      await out.result(entry, text)
    }
    const sum = `${verb} ${plural(uploads.length, 'unfinished upload')}`
    await out.result({ type: 'summary', uploads: uploads.length, removed: !dryRun }, sum)
  }
  try {
    await report(await storage.purgeUploads(path, { olderThan, dryRun, signal }))
  } catch (error) {
    // What was removed before the failure is gone all the same.
    if (isStorageError(error) && error.purged) await report(error.purged)
    throw error
  }
}
