import { keyNames } from '../src/names.ts'
import { PROFILES } from '../src/providers.ts'

const names = keyNames({ root: 'root', profile: PROFILES.versitygw } as never)

// `.NAME.sgwtmp.TIME` lies beside an object while versitygw replaces it, and is listed.
it.each([
  '.sgwtmp',
  '.sgwtmp/x',
  'dir/.sgwtmp/x',
  '.file.sgwtmp.1795903447033332268',
  'a/.b.sgwtmp.1',
  'a?versionId=1',
])('shows nobody what versitygw has, or cannot copy, at %s, and stores nothing there', (key) => {
  expect(names.path(`root/${key}`)).toBeUndefined()
  expect(() => names.key(`/${key}`)).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }))
})

it.each(['sgwtmp', 'a.sgwtmp', '.file.sgwtmp', '.file.sgwtmp.x', 'file.sgwtmp.12'])(
  'keeps the file %s of its users',
  (key) => {
    expect(names.path(`root/${key}`)).toBe(`/${key}`)
    expect(names.key(`/${key}`)).toBe(`root/${key}`)
  },
)
