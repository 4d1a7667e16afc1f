import { isAbsolute } from 'node:path'
import {
  type Choices,
  CreateError,
  directoryProblem,
  type Given,
  LICENSES,
  nameProblem,
  oneOf,
  plainName,
  TEMPLATES,
  USAGE,
} from './choices.ts'

/**
 * Completes what the command line says: by questions in a terminal, by defaults elsewhere.
 * @returns undefined where the user has broken off.
 * @throws CreateError for what is wrong or, where nobody can be asked, missing.
 */
export async function ask(given: Given, isInteractive: boolean): Promise<Choices | undefined> {
  // What is given is checked before anything is asked.
  const template = given.template && oneOf('template', TEMPLATES, given.template)
  const license = given.license && oneOf('license', LICENSES, given.license)
  const problem = given.name === undefined && isInteractive ? undefined : nameProblem(given.name)
  if (problem !== undefined) throw new CreateError(problem, USAGE)
  const rest = isInteractive
    ? await questions({ name: given.name, template, license })
    : { name: given.name ?? '', template: template || 'minimal', license: license || 'Apache-2.0' }
  if (rest === undefined) return undefined
  const name = plainName(rest.name)
  const directory = given.directory ?? `stowage-driver-${name}`
  const occupied = directoryProblem(directory)
  if (occupied !== undefined) throw new CreateError(occupied)
  const shown = isAbsolute(directory) || directory.startsWith('.') ? directory : `./${directory}`
  return { ...rest, name, directory: directory === '.' ? directory : shown } as Choices
}

async function questions({ name, template, license }: Given) {
  // Not loaded where nobody is asked.
  const { cancel, group, intro, outro, select, text } = await import('@clack/prompts')
  intro('A driver for Stowage')
  let isCancelled = false
  const answers = await group(
    {
      name: async () =>
        name ??
        text({
          message: 'What will it be registered as?',
          placeholder: "redis, for create('redis', ...)",
          validate: nameProblem,
        }),
      template: async () =>
        template ??
        select({
          message: 'What to begin with?',
          options: [
            { value: 'minimal', label: 'methods to be written, with a guide', hint: 'minimal' },
            { value: 'complete', label: 'a driver in memory, to be changed', hint: 'complete' },
          ],
        }),
      license: async () =>
        license ??
        select({
          message: 'Which license?',
          options: LICENSES.map((value) => ({ value, label: value })),
        }),
    },
    {
      onCancel: () => {
        isCancelled = true
        cancel('Nothing was made.')
      },
    },
  )
  if (isCancelled) return undefined
  outro(`stowage-driver-${plainName(answers.name)}`)
  return answers
}
