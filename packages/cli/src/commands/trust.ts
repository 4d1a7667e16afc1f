import { resolve } from 'node:path'
import { type Add, examples } from '../command.ts'
import { interpret, readStandardFile } from '../config.ts'
import type { Context } from '../context.ts'
import { configError } from '../errors.ts'
import { foreignPart } from '../ownership.ts'
import { distrust, trust } from '../trust.ts'

interface Options {
  readonly remove?: boolean
}

/** `trust`: lets commands use the configuration of a directory. */
export const addTrust: Add = (program, bind) => {
  program
    .command('trust')
    .description("let commands use a directory's stowage.yml, as it is now")
    .argument('[directory]', 'the current one by default')
    .option('--remove', 'do not use it any more')
    .addHelpText(
      'after',
      `
A stowage.yml decides where your credentials are sent and which drivers are loaded. Read it before you trust it.
Trust is for this file with this content: after a change, commands ask for it again.
${examples(['stowage trust'], ['stowage trust ../project'], ['stowage trust --remove'])}`,
    )
    .action(bind<Options>(run))
}

async function run(
  { cwd, env, out }: Context,
  [directory = '.']: readonly string[],
  { remove }: Options,
) {
  const found = await readStandardFile(resolve(cwd, directory))
  const { file } = found
  if (remove) {
    const was = await distrust(file, env)
    const text = was ? `${file} is not trusted any more` : `${file} was not trusted`
    await out.result({ type: 'trust', file, trusted: false }, text)
    return
  }
  const foreign = await foreignPart(file)
  if (foreign !== undefined) {
    throw configError(
      `${file} cannot be trusted: ${foreign}`,
      'make a copy that only you may change, or name it with --config each time',
    )
  }
  // What is wrong with it is told now, not by the next command.
  const storages = [...interpret(found, true).storages.keys()]
  await trust(file, found.content, env)
  await out.result(
    { type: 'trust', file, trusted: true, storages },
    `${file} is trusted as it is now: ${storages.join(', ')}`,
  )
}
