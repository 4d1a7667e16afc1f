import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suiteCases } from '@stowage/testsuite'
import { createDriver, node, workshop } from './helpers.ts'

// An author's way from red to green, with the complete template as the worked solution.
let folder: string
let project: string
beforeAll(() => {
  folder = workshop()
  project = join(folder, 'stowage-driver-redis')
  createDriver(folder, 'redis')
  createDriver(folder, 'redis', '--template', 'complete', '--directory', 'solution')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Replaces the driver by the solution, less the methods that are not written yet. */
function solve(...missing: string[]): void {
  const index = readFileSync(join(folder, 'solution/src/index.ts'), 'utf8')
  const none = `async () => { throw new Error('not written') }`
  const methods = missing.map((method) => `${method}: ${none}`).join(', ')
  const made = /new RedisDriver\(parseParameters\(.*?\)\)/
  const less = index.replace(made, (whole) => `Object.assign(${whole}, { ${methods} } as object)`)
  writeFileSync(join(project, 'src/index.ts'), less)
  const driver = readFileSync(join(folder, 'solution/src/driver.ts'), 'utf8')
  writeFileSync(join(project, 'src/driver.ts'), driver)
}

it('begins with a red suite whose failures name the method to write', () => {
  const { code, stdout } = node(project, '--test', 'test/*.test.ts')
  expect(code).toBe(1)
  expect(stdout).toContain('putContent is not written yet')
  expect(Number(/^. fail (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(200)
})

it('says what to write first, where to read about it, and which cases fail', () => {
  const { code, stdout, stderr } = node(project, 'test/next.ts')
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(stdout).toContain('stage 1 of 7: write putContent, list and delete\n')
  expect(stdout).toMatch(/read https:\/\/\S+\/docs\/writing-a-driver\.md#/)
  expect(stdout).toContain('[list-children]')
  expect(stdout).toContain('putContent is not written yet')
})

it.each([
  [2, ['stat', 'getContent', 'reader', 'writer', 'move']],
  [3, ['getContent', 'reader', 'writer', 'move']],
  [4, ['writer', 'move']],
  [5, ['move']],
])('asks for stage %i where %j are missing', (stage, missing) => {
  solve(...missing)
  const { code, stdout } = node(project, 'test/next.ts')
  expect(code).toBe(1)
  expect(stdout).toContain(`stage ${stage - 1} of 7 is green`)
  expect(stdout).toContain(`\nstage ${stage} of 7: write ${missing[0] === 'stat' ? 'stat' : ''}`)
})

it('is green with the solution, stage by stage and as a whole', () => {
  solve()
  const stages = node(project, 'test/next.ts')
  expect(stages.stdout).toContain('All stages are green')
  expect(stages.code).toBe(0)
  const whole = node(project, '--test', 'test/*.test.ts')
  expect(whole.code).toBe(0)
  expect(whole.stdout).toMatch(/^. fail 0$/m)
})

it('has every area of the suite in one stage', () => {
  const text = readFileSync(join(project, 'test/next.ts'), 'utf8')
  const staged = [...text.matchAll(/areas: \[(.*?)\]/gs)]
    .flatMap(([, areas = '']) => [...areas.matchAll(/'([a-z-]+)'/g)])
    .map(([, area]) => area)
  const areas = new Set(suiteCases.map(({ area }) => area))
  expect(new Set(staged)).toEqual(areas)
  expect(staged.length).toBe(areas.size)
})

it('points to sections of the documentation that are there', () => {
  const text = readFileSync(join(project, 'test/next.ts'), 'utf8')
  for (const [, file = '', anchor = ''] of text.matchAll(/read: '(.*?)#(.*?)'/g)) {
    const page = readFileSync(join(import.meta.dirname, '../../../docs', file), 'utf8')
    const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    )
    expect(anchors).toContain(anchor)
  }
})
