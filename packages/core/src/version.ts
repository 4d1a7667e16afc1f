/**
 * Version of the driver interface, `major.minor`. A core accepts drivers with its own major and at
 * least its own minor version, which is the Go registry's rule.
 */
export const INTERFACE_VERSION = '0.1'

/** Why a driver written to `theirs` does not fit a core of version `ours`, or undefined if it does. */
export function versionProblem(
  theirs: string,
  ours: string = INTERFACE_VERSION,
): string | undefined {
  const [major, minor] = numbers(theirs)
  const [ourMajor, ourMinor] = numbers(ours)
  if (major === ourMajor && minor >= ourMinor) return undefined
  const newer = major > ourMajor
  return (
    `the driver was built for interface version ${theirs}, this core needs ${ourMajor}.${ourMinor} or a later ` +
    `${ourMajor}.x: update ${newer ? '@stowage/core' : "the driver's package"}`
  )
}

function numbers(version: string): [number, number] {
  const [major, minor] = version.split('.')
  return [Number.parseInt(major ?? '', 10) || 0, Number.parseInt(minor ?? '', 10) || 0]
}
