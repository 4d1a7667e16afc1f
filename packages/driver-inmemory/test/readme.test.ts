import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { jest } from '@jest/globals'

// Core's samples need a driver, and core's own tests cannot have one.
const readmes = ['../README.md', '../../core/README.md']
// Inside the package, so that the samples find what they import.
const folder = join(import.meta.dirname, '../node_modules/.cache/readme')

beforeAll(() => mkdir(folder, { recursive: true }))
afterAll(() => rm(folder, { recursive: true }))

async function samples(readme: string): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, readme), 'utf8')
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
}

it.each(readmes)('every sample of %s runs', async (readme) => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => {})
  const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => true)
  try {
    const codes = await samples(readme)
    expect(codes.length).toBeGreaterThan(0)
    for (const [index, code] of codes.entries()) {
      const file = join(folder, `${readme.includes('core') ? 'core' : 'own'}-${index}.mjs`)
      await writeFile(file, stripTypeScriptTypes(code))
      await import(file)
    }
    expect(log).toHaveBeenCalled()
  } finally {
    log.mockRestore()
    write.mockRestore()
  }
})
