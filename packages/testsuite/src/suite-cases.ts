import type { Case } from './case.ts'
import { content } from './cases/content.ts'
import type { CaseInfo } from './options.ts'

export const allCases: readonly Case[] = [...content]

/** What is known of every case: its id, its area, the rule it proves, and what it needs. */
export const suiteCases: readonly CaseInfo[] = allCases.map(
  ({ id, area, title, original, needs, unless, size, child }) => ({
    id,
    area,
    title,
    original,
    needs,
    unless,
    size,
    child,
  }),
)
