import { ConfigError } from '@stowage/core/driver'

/** Codes of a failed import of a package that is not there, in Node.js and in test runners. */
const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])

/**
 * Loads a driver's SDK with its first use, so that a program that only imports the driver does not pay for it.
 * @param packages The packages that `load` imports.
 * @throws ConfigError with the install command where one of these packages is missing.
 */
export async function loadSdk<T>(packages: readonly string[], load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code = '', message = '' } = error as NodeJS.ErrnoException
    // A package that is there may itself miss one: npm would not help.
    if (!NOT_FOUND.has(code) || !packages.some((name) => message.includes(`'${name}'`))) throw error
    const names = packages.join(' ')
    throw new ConfigError(`the SDK is not installed: npm install ${names}`, { cause: error })
  }
}
