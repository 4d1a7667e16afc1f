import { driverPackage, registeredDrivers } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { builtInDrivers, findDriver, installedDrivers, loadDriver } from '../drivers.ts'

/** Drivers that this project publishes besides the built-in ones. */
const PUBLISHED = ['s3', 'azure', 'gcs']

/** `drivers`: what can be opened here, and what would have to be installed. */
export const addDrivers: Add = (program, bind) => {
  program
    .command('drivers')
    .description('list the drivers that are here, and what to install for others')
    .addHelpText(
      'after',
      examples(['stowage drivers'], ['stowage drivers --import ./my-driver.js']),
    )
    .action(bind(drivers))
}

async function drivers({ out, cwd, storages }: Context) {
  await storages.import()
  for (const name of builtInDrivers()) await loadDriver(name, cwd)
  const here = new Set(registeredDrivers())
  const names = new Set([...here, ...PUBLISHED, ...(await installedDrivers(cwd))])
  for (const name of names) {
    const registered = here.has(name)
    const found = registered ? undefined : await findDriver(name, cwd)
    const pack = found?.package ?? driverPackage(name)
    const state = registered ? 'ready' : found ? 'installed' : 'not installed'
    const next = state === 'not installed' ? `npm install ${pack}` : pack
    await out.result(
      { type: 'driver', name, package: pack, state },
      `${name.padEnd(16)} ${state.padEnd(14)} ${next}`,
    )
  }
}
