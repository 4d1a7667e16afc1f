import { create, type StorageDriver } from '@stowage/core'
import { applyMiddleware } from '@stowage/core/middleware'

declare module '@stowage/core' {
  interface DriverParameters {
    typed: { rootDirectory: string; threads?: number | undefined }
    optional: { threads?: number | undefined }
  }
}
declare module '@stowage/core/middleware' {
  interface MiddlewareOptions {
    typed: { level: number }
  }
}

// Never called: the compiler is the test.
async function compiles(driver: StorageDriver): Promise<void> {
  await create('typed', { rootDirectory: '/' })
  await create('optional')
  await create('optional', null)
  await create('of-a-package-that-is-not-imported', { whatever: 1 })
  // @ts-expect-error: an unknown parameter
  await create('typed', { rootDirectory: '/', wrong: 1 })
  // @ts-expect-error: a parameter of the wrong type
  await create('typed', { rootDirectory: 1 })
  // @ts-expect-error: a required parameter is missing
  await create('typed', {})
  // @ts-expect-error: all parameters are missing
  await create('typed')
  // @ts-expect-error: an unknown parameter where all are optional
  await create('optional', { wrong: 1 })

  await applyMiddleware(driver, [
    { name: 'redirect', options: { baseURL: 'https://cdn.example' } },
    { name: 'rewrite', options: { trimpathprefix: '/a' } },
    { name: 'typed', options: { level: 1 }, disabled: true },
    { name: 'of-another-package', options: { whatever: 1 } },
  ])
  // @ts-expect-error: an option of the wrong type
  await applyMiddleware(driver, [{ name: 'redirect', options: { baseURL: 1 } }])
  // @ts-expect-error: an unknown option
  await applyMiddleware(driver, [{ name: 'regulator', options: { maxConcurrency: 1, wrong: 1 } }])
  // @ts-expect-error: an option of the wrong type
  await applyMiddleware(driver, [{ name: 'typed', options: { level: '1' } }])
}

it('checks parameters and options at compile time', () => {
  expect(compiles).toBeInstanceOf(Function)
})
