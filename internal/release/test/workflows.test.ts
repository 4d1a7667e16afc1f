import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../../..')
const folder = join(root, '.github/workflows')

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly strategy?: { readonly matrix?: { readonly os?: readonly string[] } }
  readonly steps: readonly Step[]
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

const workflows = readdirSync(folder).map((file) => {
  const text = readFileSync(join(folder, file), 'utf8')
  return { file, text, workflow: parse(text) as Workflow }
})
const jobs = workflows.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ label: `${file}: ${name}`, job })),
)
const steps = jobs.flatMap(({ label, job }) => job.steps.map((step) => ({ label, step })))

it('pins every action to a commit, and says which version that is', () => {
  for (const { file, text } of workflows) {
    for (const [line] of text.matchAll(/^.*\buses:.*$/gm)) {
      expect(`${file}: ${line.trim()}`).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
  }
})

it('gives each job no more rights than it asks for, and an end', () => {
  for (const { file, workflow } of workflows) {
    expect({ file, permissions: workflow.permissions }).toEqual({ file, permissions: {} })
  }
  for (const { label, job } of jobs) {
    expect({ label, known: job.permissions !== undefined }).toEqual({ label, known: true })
    expect({ label, ends: (job['timeout-minutes'] ?? 0) > 0 }).toEqual({ label, ends: true })
  }
})

it('lets only the job that publishes prove who it is, and keeps no credential in a checkout before', () => {
  const proving = jobs.filter(({ job }) => job.permissions?.['id-token'] === 'write')
  expect(proving.map(({ label }) => label)).toEqual(['release.yml: publish'])
  for (const { label, step } of steps.filter(({ step }) => step.uses?.includes('checkout'))) {
    const kept = step.with?.['persist-credentials']
    expect({ label, kept }).toEqual({ label, kept: false })
  }
})

it('builds and checks what is published in a job that cannot prove who it is', () => {
  const job = (name: string) => jobs.find(({ label }) => label === `release.yml: ${name}`)?.job
  expect(job('pack')?.permissions).toEqual({ contents: 'read' })
  const commands = (job('publish')?.steps ?? []).flatMap(({ run }) => run ?? [])
  expect(commands).toEqual(['npm run pnpm -- install --frozen-lockfile --ignore-scripts'])
})

it('tests on Linux, macOS and Windows', () => {
  const systems = jobs.flatMap(({ job }) => job.strategy?.matrix?.os ?? [])
  for (const system of ['ubuntu', 'macos', 'windows']) {
    expect(systems.some((one) => one.startsWith(system))).toBe(true)
  }
})

it('runs only commands that this repository has', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const { label, step } of steps) {
    for (const [, name = ''] of (step.run ?? '').matchAll(
      /npm (?:run )?(?:--silent )?([a-z:]+)/g,
    )) {
      if (name === 'run') continue
      expect({ label, name, known: name in scripts }).toEqual({ label, name, known: true })
    }
    for (const [file] of (step.run ?? '').matchAll(/(?:scripts|\.ci)\/[\w.-]+/g)) {
      expect(readdirSync(join(root, file.split('/')[0] ?? ''))).toContain(file.split('/')[1])
    }
  }
})
