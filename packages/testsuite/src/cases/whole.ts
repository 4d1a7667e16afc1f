import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { isStorageError } from '@stowage/core'
import type { CaseContext } from '../context.ts'

/** How often, times the patience, and how many milliseconds apart, it is looked for what a killed process had asked for. */
const LOOKS = 1500
const BETWEEN_LOOKS_MS = 20

/**
 * Which of the directories hold every file, at least one of them; and every file there is has its content. A
 * server carries out what it was asked by a process that has died since: then it is looked again.
 */
export async function wholeOf(
  t: CaseContext,
  directories: readonly string[],
  names: readonly string[],
  size?: number,
): Promise<string[]> {
  for (let left = Math.ceil(LOOKS * t.settings.patience); ; left--) {
    try {
      const files = (await t.walked('/')).filter((key) => !key.endsWith('/'))
      for (const path of files) await t.holds(path, t.data(`/a${path.slice(2)}`, size))
      const whole = directories.filter((at) => names.every((name) => files.includes(at + name)))
      if (whole.length > 0) return whole
      assert.ok(left > 0, `neither is whole: ${files}`)
    } catch (error) {
      if (!isStorageError(error, 'PATH_NOT_FOUND') || left <= 0) throw error
    }
    await wait(BETWEEN_LOOKS_MS)
  }
}
