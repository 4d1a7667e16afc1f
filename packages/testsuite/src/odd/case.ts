import type { OddDialect } from './dialect.ts'
import { type OddOperation, operations } from './operations.ts'
import type { OddWorld } from './world.ts'

/** An odd answer, and what a driver may make of it. */
export interface OddCase {
  readonly id: string
  readonly title: string
  /** Whether the service can answer so. */
  applies?(dialect: OddDialect): boolean
  run(world: OddWorld): Promise<void>
}

/** Tries each operation; all that fail are told in one error. */
export async function eachOperation(
  world: OddWorld,
  id: string,
  run: (one: OddOperation) => Promise<void>,
  these: readonly OddOperation[] = operations,
): Promise<void> {
  const failures: string[] = []
  for (const one of these) {
    if (world.options.skip?.[`${id} ${one.id}`] !== undefined) continue
    try {
      await run(one)
      await world.isUnchanged(one.partial)
      if (one.partial) await world.restore()
    } catch (error) {
      failures.push(`- ${one.id}: ${(error as Error).message}`)
      await world.restore()
    }
  }
  if (failures.length > 0) throw new Error(failures.join('\n'))
}
