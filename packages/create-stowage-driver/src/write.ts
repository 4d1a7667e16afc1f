import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Choices } from './choices.ts'
import { rangeOf } from './versions.ts'

const TEMPLATE = fileURLToPath(new URL('../template', import.meta.url))
/** The name that the templates are written for, so that they are valid sources as they stand. */
const SAMPLE = 'mydriver'

/** Writes the project. @returns the files, by their paths in it. */
export function write({ name, template, license, directory }: Choices): string[] {
  const values: Readonly<Record<string, string>> = {
    license: license === 'none' ? 'UNLICENSED' : license,
    year: String(new Date().getFullYear()),
    core: rangeOf('@stowage/core'),
    testsuite: rangeOf('@stowage/testsuite'),
  }
  const files = new Map<string, string>()
  for (const folder of ['common', template]) {
    for (const file of filesIn(join(TEMPLATE, folder))) {
      files.set(target(file), readFileSync(join(TEMPLATE, folder, file), 'utf8'))
    }
  }
  if (license !== 'none') {
    files.set('LICENSE', readFileSync(join(TEMPLATE, 'licenses', `${license}.txt`), 'utf8'))
  }
  for (const [file, text] of files) {
    const path = join(directory, file)
    mkdirSync(dirname(path), { recursive: true })
    const completed = text.replace(/\{\{(\w+)\}\}/g, (whole, key) => values[key] ?? whole)
    writeFileSync(path, named(completed, name))
  }
  return [...files.keys()]
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
}

/** npm leaves .gitignore out of packages, and tools look at each package.json: templates have other names. */
function target(file: string): string {
  return file === '_package.json' ? 'package.json' : file.replace(/^_/, '.')
}

function named(text: string, name: string): string {
  const property = name.includes('-') ? `'${name}'` : name
  return text
    .replaceAll(`  ${SAMPLE}: `, `  ${property}: `)
    .replaceAll(SAMPLE, name)
    .replaceAll(pascal(SAMPLE), pascal(name))
}

/** `my-store2` as part of a class's name: `MyStore2`. */
function pascal(name: string): string {
  return name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase())
}
