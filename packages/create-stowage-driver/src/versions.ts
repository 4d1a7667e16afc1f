import { createRequire } from 'node:module'

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const require = createRequire(import.meta.url)

function manifest(): Manifest {
  return require('../package.json') as Manifest
}

export function ownVersion(): string {
  return manifest().version
}

/**
 * The range of one of our packages that a new project is to have: the one that this package was published with. In the
 * repository, where there is none, that of the version beside it.
 */
export function rangeOf(name: string): string {
  const { dependencies, devDependencies } = manifest()
  const range = dependencies[name] ?? devDependencies[name] ?? 'workspace:^'
  if (!range.startsWith('workspace:')) return range
  return `^${(require(`${name}/package.json`) as Manifest).version}`
}
