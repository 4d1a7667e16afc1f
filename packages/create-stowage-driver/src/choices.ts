import { existsSync, readdirSync, statSync } from 'node:fs'
import { driverPackage } from '@stowage/core'

export const TEMPLATES = ['minimal', 'complete'] as const
export const LICENSES = ['Apache-2.0', 'MIT', 'none'] as const
/** Exit code of a wrong command line, as most commands have it. */
export const USAGE = 2
/** npm's limit for the name of a package. */
const LONGEST_PACKAGE = 214

/** What the command line says. */
export interface Given {
  readonly name?: string | undefined
  readonly template?: string | undefined
  readonly license?: string | undefined
  readonly directory?: string | undefined
}

/** What a project is made of; all of it is checked. */
export interface Choices {
  readonly name: string
  readonly template: (typeof TEMPLATES)[number]
  readonly license: (typeof LICENSES)[number]
  readonly directory: string
}

/** What the user is told in one line. */
export class CreateError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The name to register by; who writes the name of the package means the same. */
export function plainName(text: string): string {
  return text.trim().replace(/^stowage-driver-/, '')
}

/** What is wrong with a driver's name, or undefined. It becomes part of a package's name, of a URL and of a class. */
export function nameProblem(text: string | undefined): string | undefined {
  const name = plainName(text ?? '')
  if (name === '') return 'a driver needs a name, such as "redis"'
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    return `"${name}" is no name for a driver: lower-case letters and digits, a letter first, perhaps with single dashes`
  }
  const pack = driverPackage(name)
  if (!pack.startsWith('stowage-driver-'))
    return `"${name}" is the name of ${pack}; take another one`
  if (pack.length > LONGEST_PACKAGE)
    return `the name is longer than npm allows: ${pack.length} characters`
  return undefined
}

/** What is wrong with the place, or undefined: it has to be missing, empty, or a fresh clone. */
export function directoryProblem(directory: string): string | undefined {
  if (!existsSync(directory)) return undefined
  if (!statSync(directory).isDirectory()) return `${directory} is a file`
  const there = readdirSync(directory).filter((file) => file !== '.git')
  if (there.length === 0) return undefined
  const some = there.slice(0, 3).join(', ')
  return `${directory} is not empty (${some}${there.length > 3 ? ', ...' : ''}); choose another place with --directory`
}

/** @throws CreateError where the value is none of the words. */
export function oneOf<T extends string>(what: string, words: readonly T[], value: string): T {
  const found = words.find((word) => word.toLowerCase() === value.toLowerCase())
  if (found === undefined) {
    throw new CreateError(`--${what} is ${words.join(' or ')}, not ${value}`, USAGE)
  }
  return found
}
