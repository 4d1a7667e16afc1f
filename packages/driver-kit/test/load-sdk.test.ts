import { describe, expect, it } from '@jest/globals'
import { loadSdk } from '@stowage/driver-kit'

function failing(code: string, message: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(message), { code }))
}

describe('loadSdk', () => {
  it('gives the module', async () => {
    expect(await loadSdk(['a'], async () => 7)).toBe(7)
  })

  it.each([
    ['ERR_MODULE_NOT_FOUND', "Cannot find package '@x/a' imported from /y.js"],
    ['MODULE_NOT_FOUND', "Cannot find module '@x/a' from 'y.ts'"],
  ])('names the command where a package is missing (%s)', async (code, message) => {
    await expect(loadSdk(['@x/a', 'b'], failing(code, message))).rejects.toMatchObject({
      code: 'CONFIG',
      message: 'the SDK is not installed: npm install @x/a b',
    })
  })

  it.each([
    ['ERR_MODULE_NOT_FOUND', "Cannot find package 'inner' imported from /@x/a/index.js"],
    ['ERR_OTHER', "'@x/a'"],
  ])('passes on any other error (%s)', async (code, message) => {
    await expect(loadSdk(['@x/a'], failing(code, message))).rejects.toThrow(message)
  })
})
