import { readFileSync } from 'node:fs'
import { type CaseInfo, suiteCases } from '@stowage/testsuite'
import { FULL, SEED, sample } from '@stowage-internal/jest-preset/sample'
import { stopLeaks } from '../src/delegate.ts'
import { saboteurs } from '../src/index.ts'
import { isKill, trial } from '../src/proof.ts'
import { reasons } from '../src/reasons.ts'
import type { Saboteur } from '../src/saboteur.ts'

/**
 * Who was found by which case when the matrix was written. The tests do not believe it: it says where to
 * look first. `npm run pnpm -- --filter @stowage-internal/saboteurs matrix` writes it anew.
 */
const written: Record<string, string[]> = JSON.parse(
  readFileSync(new URL('../src/killers.json', import.meta.url), 'utf8'),
)

/** Of each area so many are tried, which the seed draws; in full size all. */
const OF_AN_AREA = 3
/** Cases that are tried first on a saboteur that is the witness of none: one may find it only beside others. */
const OF_A_SABOTEUR = 3

/** The area of the suite that is about an area of saboteurs, where it has another name. */
const AREAS: Readonly<Record<string, string>> = { storage: 'isolation' }

/** The cases that find the saboteur, of those that the function picks. */
async function findersOf(saboteur: Saboteur, only: (info: CaseInfo) => boolean): Promise<string[]> {
  return (await trial(saboteur, { only })).filter(isKill).map(({ id }) => id)
}

/** For each case the saboteur with the fewest finders among those it found: the quickest to try. */
function witnesses(): Map<string, Set<string>> {
  const cases = new Map<string, Set<string>>(saboteurs.map(({ id }) => [id, new Set()]))
  const rare = [...saboteurs].sort((a, b) => found(a).length - found(b).length)
  for (const { id } of suiteCases) {
    const witness = rare.find((saboteur) => found(saboteur).includes(id))
    if (witness) cases.get(witness.id)?.add(id)
  }
  const finds = (id: string): number => saboteurs.filter((one) => found(one).includes(id)).length
  for (const saboteur of saboteurs) {
    if (cases.get(saboteur.id)?.size !== 0) continue
    // The most particular of its own area: others found it by accident, beside another case, or after a long wait.
    const own = `${AREAS[saboteur.area] ?? saboteur.area}-`
    const rank = (id: string): number => finds(id) + (id.startsWith(own) ? 0 : suiteCases.length)
    const particular = found(saboteur).toSorted((a, b) => rank(a) - rank(b))
    cases.set(saboteur.id, new Set(particular.slice(0, OF_A_SABOTEUR)))
  }
  return cases
}

function found({ id }: Saboteur): string[] {
  return written[id] ?? []
}

afterAll(stopLeaks)

describe('the healthy driver', () => {
  it.each(['full', 'keys', 'bare'] as const)('keeps the contract: %s', async (baseline) => {
    const results = await trial(undefined, { baseline })
    expect(results.filter(({ status }) => status === 'failed')).toEqual([])
    expect(results.filter(({ status }) => status === 'passed').length).toBeGreaterThan(200)
  })
})

describe(`every saboteur (seed ${SEED})`, () => {
  const cases = witnesses()
  const known = new Set(Object.values(written).flat())
  const areas = [...Map.groupBy(saboteurs, ({ area }) => area).values()]
  const tried = areas.flatMap((all) => sample(all, OF_AN_AREA))
  const killing = new Set<string>()

  it('has an id of its own, and there are many', () => {
    expect(new Set(saboteurs.map(({ id }) => id)).size).toBe(saboteurs.length)
    expect(saboteurs.length).toBeGreaterThanOrEqual(60)
  })

  it('is in the matrix, and was found', () => {
    expect(saboteurs.filter((one) => found(one).length === 0).map(({ id }) => id)).toEqual([])
  })

  it.each(tried.map((saboteur) => [saboteur.id, saboteur] as const))(
    '%s is found',
    async (id, saboteur) => {
      const first = await findersOf(saboteur, (info) => cases.get(id)?.has(info.id) ?? false)
      const finders = first.length > 0 ? first : await findersOf(saboteur, () => true)
      for (const finder of finders) killing.add(finder)
      expect(finders).not.toEqual([])
    },
  )

  it('is found by every case, or there is a reason', async () => {
    const proven = FULL ? killing : new Set([...known, ...killing])
    const idle = suiteCases.filter(({ id }) => !proven.has(id) && !(id in reasons))
    // A case that is new, or whose witness has changed, may find another one.
    for (const { id } of idle) {
      for (const saboteur of saboteurs) {
        if (killing.has(id)) break
        for (const finder of await findersOf(saboteur, (info) => info.id === id))
          killing.add(finder)
      }
    }
    expect(idle.filter(({ id }) => !killing.has(id)).map(({ id }) => id)).toEqual([])
  })

  it('leaves no case with a reason that it does not need', () => {
    const needless = Object.keys(reasons).filter(
      (id) => known.has(id) || !suiteCases.some((info) => info.id === id),
    )
    expect(needless).toEqual([])
  })
})
