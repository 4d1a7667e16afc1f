import { driverPackage, registeredDrivers } from '@stowage/core'
import { type Add, examples } from '../command.ts'
import type { Context } from '../context.ts'
import {
  builtInDrivers,
  type DriverSource,
  findDriver,
  installedDrivers,
  loadDriver,
} from '../drivers.ts'

/** Drivers that this project publishes besides the built-in ones. */
const PUBLISHED = ['s3', 'azure', 'gcs']
/** What is installed with the command. */
const BESIDE: DriverSource = { isScheme: false }

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
  for (const name of builtInDrivers()) await loadDriver(name, BESIDE)
  const here = new Set(registeredDrivers())
  const names = new Set([...here, ...PUBLISHED, ...(await installedDrivers(cwd))])
  for (const name of names) {
    const about = here.has(name)
      ? { package: driverPackage(name), state: 'ready', next: driverPackage(name) }
      : await describeDriver(name, cwd)
    const { state, next } = about
    await out.result(
      { type: 'driver', name, package: about.package, state },
      `${name.padEnd(16)} ${state.padEnd(14)} ${next}`,
    )
  }
}

/** What there is of a driver that is not loaded, and what to do for it. */
async function describeDriver(name: string, cwd: string) {
  const beside = await findDriver(name, BESIDE)
  if (beside) return { package: beside.package, state: 'installed', next: beside.package }
  const found = await findDriver(name, { ...BESIDE, directory: cwd })
  const pack = found?.package ?? driverPackage(name)
  return found
    ? { package: pack, state: 'installed', next: `--import ${pack}` }
    : { package: pack, state: 'not installed', next: `npm install --global ${pack}` }
}
