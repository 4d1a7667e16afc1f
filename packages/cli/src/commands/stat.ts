import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { openStorageEndpoint } from '../endpoints.ts'
import { bytes, time } from '../format.ts'
import { entry } from './ls.ts'

/** `stat`: one entry. */
export const addStat: Add = (program, bind) => {
  program
    .command('stat')
    .description('show what is at a path')
    .argument('<location>')
    .addHelpText('after', examples(['stowage stat fs:///var/data#/a.txt']))
    .action(bind(stat))
}

async function stat(context: Context, [location]: readonly string[]) {
  const { storage, path } = await openStorageEndpoint(context, location)
  const info = await storage.stat(path, { signal: context.signal })
  const lines = info.isDir
    ? [`path      ${info.path}`, 'kind      directory']
    : [
        `path      ${info.path}`,
        'kind      file',
        `size      ${info.size} (${bytes(info.size)})`,
        `modified  ${time(info.modTime)}`,
      ]
  await context.out.result(entry(info), lines)
}
