// Where the installed servers are.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root: the nearest folder above with the workspace file. */
const repositoryRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)))

function findRoot(start: string): string {
  for (let dir = start; dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, 'pnpm-workspace.yaml'))) return dir
  }
  return start
}

/**
 * The folder that holds the servers which were installed for the tests, one sub-folder for each name and version.
 * `STOWAGE_TEST_SERVERS_DIR` moves it, for instance to share it between clones.
 */
export function cacheDir(): string {
  return (
    process.env.STOWAGE_TEST_SERVERS_DIR ??
    join(repositoryRoot, 'node_modules', '.cache', 'test-servers')
  )
}
