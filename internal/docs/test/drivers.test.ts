// What the drivers' READMEs say, which the site shows as their pages, against the drivers themselves.
import { type Capabilities, create, type StorageDriver } from '@stowage/core'
import '@stowage/driver-azure'
import '@stowage/driver-fs'
import '@stowage/driver-gcs'
import '@stowage/driver-inmemory'
import '@stowage/driver-s3'
import { readPage } from '../src/markdown.ts'

/** Parameters with which a driver can be made without its backend. */
const DRIVERS: Readonly<Record<string, Record<string, unknown>>> = {
  fs: { rootDirectory: '/nowhere' },
  inmemory: {},
  s3: { bucket: 'b', region: 'eu-central-1' },
  azure: { container: 'c', accountName: 'a', accountKey: 'a2V5' },
  gcs: { bucket: 'b' },
}
const LOCAL = ['fs', 'inmemory']

const make = (name: string, parameters: Record<string, unknown>): Promise<StorageDriver> =>
  create(name as string, parameters as never)

/** The section of a driver's README beneath a heading. */
function section(driver: string, heading: RegExp): string {
  const { text } = readPage(`packages/driver-${driver}/README.md`)
  const sections = text.split(/^## /m).slice(1)
  const found = sections.find((one) => heading.test(one))
  if (found === undefined) throw new Error(`the README of driver-${driver} has no ${heading}`)
  return found
}

/** The names in the first column of the table of parameters. */
function documented(driver: string): string[] {
  const rows = section(driver, /^Parameters\n/).matchAll(/^\| (`[^|]*) \|/gm)
  return [...rows].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  )
}

/** What a driver says of a parameter that it cannot know. */
async function refusal(driver: string, name: string, value: unknown): Promise<string> {
  const failed = await make(driver, { ...DRIVERS[driver], [name]: value }).then(
    (made) => made.close().then(() => ''),
    (error: Error) => error.message,
  )
  return failed
}

describe.each(Object.keys(DRIVERS))('the README of %s', (driver) => {
  it('has every parameter of the driver', async () => {
    const message = await refusal(driver, 'qqqqqqqqqqqqqqqqqqqqq', 1)
    const known = /known are ([\w, ]+)/.exec(message)?.[1]?.split(', ') ?? []
    expect(known.length).toBeGreaterThan(0)
    const names = new Set(documented(driver))
    expect(known.filter((name) => !names.has(name))).toEqual([])
  })

  it('has no parameter that the driver does not know', async () => {
    const unknown: string[] = []
    for (const name of documented(driver)) {
      if ((await refusal(driver, name, null)).includes(`unknown parameter ${name}`))
        unknown.push(name)
    }
    expect(unknown).toEqual([])
  })

  it('says of every capability whether the driver has it', async () => {
    const made = await make(driver, DRIVERS[driver] ?? {})
    const flags = Object.keys(made.capabilities) as (keyof Capabilities)[]
    const text = section(driver, /^Capabilities\n/)
    expect(flags.filter((flag) => !text.includes(`\`${flag}\``))).toEqual([])
    // Rows that say no more than yes or no.
    for (const [, cell = '', says] of text.matchAll(/^\| (`[^|]*) \| (yes|no) \|$/gm)) {
      for (const [, flag = ''] of cell.matchAll(/`(\w+)`/g)) {
        expect([flag, made.capabilities[flag as keyof Capabilities]]).toEqual([
          flag,
          says === 'yes',
        ])
      }
    }
    await made.close()
  })

  it('has its limits and, with a service behind it, the requests of each call', () => {
    expect(section(driver, /^Limits\n/).length).toBeGreaterThan(50)
    if (!LOCAL.includes(driver)) expect(section(driver, /^Requests/)).toMatch(/^\| .*\d/m)
  })
})
