import { constants } from 'node:fs'
import { type FileSystem, unless } from './file-system.ts'
import { type Volume, WINDOWS_RESERVED } from './names.ts'
import { removeAll } from './remove.ts'
import { ATTEMPTS, type Root } from './root.ts'
import { newName, parseStaged, type StagedName, stagedName } from './staged-name.ts'

/** The end of a probe's name, and two other spellings of it. */
const SPELLING = 'Probe-\u00e9'
const OTHER_CASE = 'PROBE-\u00e9'
const OTHER_FORM = 'Probe-e\u0301'

/**
 * Makes a directory in staging, looks for it under other spellings, tries in it which names cannot be, and removes
 * it. Gives nothing where it may not write there.
 */
export async function makeProbe(root: Root, real: string): Promise<Partial<Volume>> {
  const directory = root.staging(real, 'probes')
  const name = `${stagedName(newName('temp'))}.`
  const probe = `${directory}/${name}${SPELLING}`
  try {
    await make(root, directory, probe)
  } catch {
    return {}
  }
  try {
    return await look(root.system, `${directory}/${name}`, probe)
  } catch {
    return {}
  } finally {
    await removeAll(root.system, probe)
    await root.prune(directory, real)
  }
}

/** The state in the name of a probe that somebody has left, or undefined for what is none. */
export function parseProbe(name: string): StagedName | undefined {
  return parseStaged(name.slice(0, name.lastIndexOf('.')))
}

async function make(root: Root, directory: string, probe: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await root.ensure(directory, '/')
    const made = root.system.mkdir(probe, root.settings.directoryMode).then(() => true)
    // Others remove directories of staging in which nothing is.
    if (await unless(made, 'ENOENT')) return
  }
  throw new Error('the directory of probes keeps being removed')
}

/** What a volume says of a name that it cannot hold. */
const NO_NAME = ['EINVAL', 'ENOENT', 'EILSEQ', 'ENAMETOOLONG']

async function look(system: FileSystem, stem: string, probe: string): Promise<Partial<Volume>> {
  const isThere = async (path: string): Promise<boolean> =>
    (await unless(system.lstat(path), ...NO_NAME)) !== undefined
  const [foldsCase, foldsForms, dropsDot, dropsBlank] = await Promise.all([
    isThere(stem + OTHER_CASE),
    isThere(stem + OTHER_FORM),
    isThere(`${probe}.`),
    isThere(`${probe} `),
  ])
  const spellings = { caseSensitive: !foldsCase, normalizationSensitive: !foldsForms }
  const names = await tryNames(system, probe).catch(() => undefined)
  if (names === undefined) return spellings
  const times = await tryTime(system, `${probe}/time`).catch(() => ({}))
  return {
    ...spellings,
    ...names,
    ...times,
    trimsNames: names.trimsNames || dropsDot || dropsBlank,
  }
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
/** An odd second, with digits of milliseconds: each step that a volume may have makes another time of it. */
const TIME = 1_600_000_001_337
/** FAT, whole seconds, and exFAT as Linux has it. */
const STEPS = [2000, 1000, 10] as const

/** Finds the step of the times that files can have. */
async function tryTime(system: FileSystem, file: string): Promise<Pick<Volume, 'timeStep'>> {
  const fd = await system.open(file, CREATE, 0o600)
  await system.futimes(fd, TIME, TIME).finally(() => system.close(fd))
  // Once it is closed: some volumes give the time of a write until then.
  const kept = Math.round((await system.lstat(file)).mtimeMs)
  const step = STEPS.find((one) => kept % one === 0 && Math.abs(kept - TIME) <= one)
  return step === undefined ? {} : { timeStep: step }
}

async function tryNames(system: FileSystem, probe: string) {
  const refuses = async (name: string): Promise<boolean> => {
    const made = system.mkdir(`${probe}/${name}`, 0o700).then(() => true)
    return (await unless(made, ...NO_NAME)) === undefined
  }
  let reserved = ''
  if (await refuses(`a${WINDOWS_RESERVED}b`)) {
    for (const character of WINDOWS_RESERVED) {
      if (await refuses(`a${character}b`)) reserved += character
    }
  }
  const trimsNames = (await refuses('dot.')) || (await refuses('blank '))
  return { reserved, trimsNames, deviceNames: await refuses('con') }
}
