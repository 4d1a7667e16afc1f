import type { CaseContext } from './context.ts'
import type { CaseInfo } from './options.ts'

/** A case: what is known of it, and what it does on a storage of its own. */
export interface Case extends CaseInfo {
  /** It leaves unfinished uploads: that is not a leak. */
  readonly leavesUploads?: boolean | undefined
  /** How many times the usual limit it may take. */
  readonly patience?: number | undefined
  /** It looks at the whole process: no other case may run meanwhile. */
  readonly alone?: boolean | undefined
  readonly run: (t: CaseContext) => Promise<void>
}

type AreaCase = Omit<Case, 'area'>

/** The cases of one area; each id gets the area's name in front. */
export function area(name: string, cases: readonly AreaCase[]): readonly Case[] {
  return cases.map((one) => ({ ...one, id: `${name}-${one.id}`, area: name }))
}
