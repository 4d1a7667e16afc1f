import type { Readable, Writable } from 'node:stream'
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

/** Where questions can be asked. */
export interface Terminal {
  readonly input: Readable
  readonly output: Writable
}

/** The user has broken off. */
class Cancelled extends Error {}

/**
 * Completes what the command line says: by questions in a terminal, by defaults elsewhere.
 * @returns undefined where the user has broken off.
 * @throws CreateError for what is wrong or, where nobody can be asked, missing.
 */
export async function ask(given: Given, terminal?: Terminal): Promise<Choices | undefined> {
  // What is given is checked before anything is asked.
  const template = given.template && oneOf('template', TEMPLATES, given.template)
  const license = given.license && oneOf('license', LICENSES, given.license)
  const problem = given.name === undefined && terminal ? undefined : nameProblem(given.name)
  if (problem !== undefined) throw new CreateError(problem, USAGE)
  if (given.name !== undefined) mustBeFree(given, given.name)
  const answers = await questions({ ...given, template, license }, terminal)
  if (answers === undefined) return undefined
  const name = plainName(answers.name)
  return {
    name,
    template: oneOf('template', TEMPLATES, answers.template),
    license: oneOf('license', LICENSES, answers.license),
    directory: mustBeFree(given, name),
  }
}

/** @throws CreateError where the project cannot be made at its place, which it returns. */
function mustBeFree({ directory }: Given, name: string): string {
  const place = directory ?? `./stowage-driver-${plainName(name)}`
  const problem = directoryProblem(place)
  if (problem !== undefined) throw new CreateError(problem)
  return place
}

interface Answers {
  readonly name: string
  readonly template: string
  readonly license: string
}

async function questions(given: Given, terminal?: Terminal): Promise<Answers | undefined> {
  const { name, template, license } = given
  if (terminal === undefined) {
    return { name: name ?? '', template: template || TEMPLATES[0], license: license || LICENSES[0] }
  }
  // Not loaded where nobody is asked.
  const { cancel, group, intro, outro, select, text } = await import('@clack/prompts')
  intro('A driver for Stowage', terminal)
  try {
    const answers = await group(
      {
        name: async () =>
          name ??
          text({
            ...terminal,
            message: 'What will it be registered as?',
            placeholder: "redis, for create('redis', ...)",
            validate: nameProblem,
          }),
        template: async () =>
          template ??
          select<string>({
            ...terminal,
            message: 'What to begin with?',
            options: [
              { value: 'minimal', label: 'methods to be written, with a guide', hint: 'minimal' },
              { value: 'complete', label: 'a driver in memory, to be changed', hint: 'complete' },
            ],
          }),
        license: async () =>
          license ??
          select<string>({
            ...terminal,
            message: 'Which license?',
            options: LICENSES.map((value) => ({ value, label: value })),
          }),
      },
      {
        onCancel: () => {
          throw new Cancelled()
        },
      },
    )
    outro(`stowage-driver-${plainName(answers.name)}`, terminal)
    return answers
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
    cancel('Nothing was made.', terminal)
    return undefined
  }
}
