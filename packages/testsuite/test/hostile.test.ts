import { pathProblem } from '@stowage/core'
import { hostileCorpus, hostilePaths } from '@stowage/testsuite'
import { isContractPath } from '../src/hostile/paths.ts'

it('the corpus and what the fuzzer makes of it are the same for the same seed, and each path comes once', () => {
  const paths = hostilePaths(7, 10_000)
  expect(paths).toEqual(hostilePaths(7, 10_000))
  expect(new Set(paths.map(({ path }) => path)).size).toBe(10_000)
  expect(paths.slice(0, hostileCorpus.length)).toEqual(hostileCorpus)
  expect(hostilePaths(8, 10_000)).not.toEqual(paths)
})

it('enough of them are paths, and enough are none', () => {
  const valid = hostilePaths(7, 10_000).filter(({ path }) => isContractPath(path)).length
  expect(valid).toBeGreaterThan(3000)
  expect(valid).toBeLessThan(8500)
})

it('core and the suite, each in words of its own, agree on every one', () => {
  for (const { path } of hostilePaths(Math.floor(Math.random() * 2 ** 32), 10_000)) {
    expect([path, pathProblem(path) === undefined]).toEqual([path, isContractPath(path)])
  }
})
