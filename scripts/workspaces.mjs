// Finds the workspace packages, so that no other file has to list them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Every package below packages/, internal/ and examples/, sorted; `dir` is relative to the root. */
export function workspaces(groups = ['packages', 'internal', 'examples']) {
  return groups.flatMap((group) => {
    if (!existsSync(join(root, group))) return []
    return readdirSync(join(root, group))
      .sort()
      .filter((name) => existsSync(join(root, group, name, 'package.json')))
      .map((name) => {
        const dir = `${group}/${name}`
        const path = join(root, dir)
        const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
        return { dir, path, manifest, has: (file) => existsSync(join(path, file)) }
      })
  })
}

/** The packages that are published. */
export const published = () => workspaces(['packages']).filter(({ manifest }) => !manifest.private)
