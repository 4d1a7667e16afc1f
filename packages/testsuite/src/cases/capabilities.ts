import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'

const FLAGS = [
  'append',
  'atomicMove',
  'caseSensitive',
  'fileAndDirectory',
  'longNames',
  'modTimes',
  'normalizationSensitive',
  'persistent',
  'purgeUploads',
  'redirectURL',
  'snapshotReads',
  'unicodePaths',
]

export const capabilities: readonly Case[] = area('capabilities', [
  {
    id: 'flags',
    title: 'a driver has a name and says of every capability whether it has it',
    run: async (t) => {
      assert.match(t.driver.name, /^[a-z0-9][a-z0-9._-]*$/)
      const flags = { ...t.driver.capabilities } as Record<string, unknown>
      for (const flag of FLAGS) assert.equal(typeof flags[flag], 'boolean', flag)
      const told: Readonly<Record<string, boolean>> | undefined = t.settings.capabilities
      if (told === undefined) return
      for (const flag of FLAGS) assert.equal(flags[flag], told[flag] ?? false, flag)
    },
  },
  {
    id: 'the-same',
    title: 'another instance has the same name and capabilities',
    run: async (t) => {
      const other = await t.openOther('2')
      assert.equal(other.name, t.driver.name)
      assert.deepEqual({ ...other.capabilities }, { ...t.driver.capabilities })
    },
  },
  {
    id: 'fixed',
    title: 'nobody can change what a driver declares',
    run: async (t) => {
      const flags = t.driver.capabilities as unknown as Record<string, boolean>
      const before = { ...flags }
      try {
        flags.append = !flags.append
      } catch {
        // Strict code is told; it is the value that counts.
      }
      assert.deepEqual({ ...t.driver.capabilities }, before)
    },
  },
])
