import { type Fault, type Injection, inject, injections } from './explore/injections.ts'
import { type KillCase, killCases, killed } from './explore/kills.ts'
import { losePower } from './explore/power.ts'
import { SABOTEURS, type SaboteurName } from './explore/saboteurs.ts'
import { scenario } from './explore/scenarios.ts'
import type { CallName } from './explore/wrap.ts'
import { failure } from './recording.ts'

const PUT = 'a put over a file'
const NEW_PUT = 'a put into a root that is not there'
const UPLOAD = 'an upload that is continued over a file'
const MOUNTED = 'a put on another file system'

describe('a broken driver is found by stopping the machine', () => {
  const cases: readonly (readonly [SaboteurName, string, RegExp])[] = [
    ['noFileFlush', PUT, /torn content/],
    ['noFileFlush', UPLOAD, /bytes of an upload|continues as torn/],
    ['noFileFlush', MOUNTED, /torn content|a purge leaves/],
    ['noDirectoryFlush', PUT, /after 1 steps.*callers see/],
    ['noDirectoryFlush', UPLOAD, /bytes of an upload were certain/],
    ['noDirectoryFlush', 'a move over a file', /after 1 steps.*callers see/],
    ['noDirectoryFlush', MOUNTED, /callers see|a purge leaves/],
    ['noAncestorFlush', NEW_PUT, /after 1 steps.*callers see {}/],
    ['noAncestorFlush', 'a move of a directory to where nothing is', /callers see/],
    ['lateFlush', PUT, /after 0 steps.*torn content/],
    ['unlinkFirst', PUT, /after 0 steps.*callers see/],
    ['inPlace', PUT, /callers see|torn content/],
  ]
  for (const [saboteur, name, expected] of cases) {
    it(`${saboteur}, ${name}`, async () => {
      const found = losePower(scenario(name), { saboteur: SABOTEURS[saboteur] })
      expect((await failure(found)).message).toMatch(expected)
    })
  }
})

describe('a broken driver is found by killing its process', () => {
  const cases: readonly (readonly [SaboteurName, string, (one: KillCase) => boolean, RegExp])[] = [
    ['unlinkFirst', PUT, ({ call }) => call === 'rename', /callers see/],
    ['inPlace', PUT, ({ part }) => part === 0.5, /torn content/],
    ['unlinkFirst', UPLOAD, ({ call }) => call === 'rename', /callers see/],
    ['noClaim', UPLOAD, ({ call }) => call === 'write', /bytes of an upload were certain/],
  ]
  for (const [saboteur, name, isWanted, expected] of cases) {
    it(`${saboteur}, ${name}`, async () => {
      const all = await killCases(scenario(name), saboteur)
      let told = 'nothing was found'
      for (const one of all.filter(isWanted)) {
        const found = await killed(scenario(name), one, saboteur).catch((error: Error) => error)
        if (found) told = found.message
        if (found) break
      }
      expect(told).toMatch(expected)
    })
  }
})

describe('a broken driver is found by calls that fail', () => {
  const cases: readonly (readonly [SaboteurName, string, CallName, Fault, RegExp])[] = [
    ['deafFlush', PUT, 'fsync', 'EIO', /nobody was told/],
    ['shortWrites', PUT, 'write', 'short', /torn content/],
    ['shortWrites', UPLOAD, 'write', 'short', /torn|bytes of an upload|callers see/],
    ['noClose', PUT, 'rename', 'EIO', /handles are left/],
    ['noCleanUp', PUT, 'rename', 'EIO', /a purge leaves/],
  ]
  for (const [saboteur, name, call, fault, expected] of cases) {
    it(`${saboteur}, ${name}`, async () => {
      const all = await injections(scenario(name))
      const first = all.find((one) => one.call === call && one.fault === fault)
      const found = inject(scenario(name), first as Injection, saboteur)
      expect((await failure(found)).message).toMatch(expected)
    })
  }
})
