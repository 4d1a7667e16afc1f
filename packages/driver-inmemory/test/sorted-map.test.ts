import fc from 'fast-check'
import { SortedMap } from '../src/sorted-map.ts'

const seed = Number(process.env.FC_SEED ?? 20_261_124)
const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

it('is a map whose keys are in the byte order of UTF-8, whatever happens to it', () => {
  const unit = fc.constantFrom('a', 'b', '/', '-', '0', 'ä', '\uffff', '\u{10000}')
  const key = fc.string({ unit, maxLength: 3 })
  const step = fc.record({ remove: fc.boolean(), key, value: fc.nat() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), key, (steps, asked) => {
      const sorted = new SortedMap<number>()
      const plain = new Map<string, number>()
      for (const { remove, key, value } of steps) {
        if (remove) expect(sorted.delete(key)).toBe(plain.delete(key))
        else {
          sorted.set(key, value)
          plain.set(key, value)
        }
      }
      const keys = [...plain.keys()].sort(bytewise)
      expect(sorted.withPrefix('')).toEqual(keys)
      expect(sorted.withPrefix(asked)).toEqual(keys.filter((other) => other.startsWith(asked)))
      expect(sorted.get(asked)).toBe(plain.get(asked))
      expect(sorted.from(asked)).toBe(keys.find((other) => bytewise(other, asked) >= 0))
      expect(sorted.after(asked)).toBe(keys.find((other) => bytewise(other, asked) > 0))
    }),
    { seed, numRuns: 300 },
  )
})
