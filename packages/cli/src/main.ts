#!/usr/bin/env node
// The `stowage` command. Nothing is imported before the check: an older Node.js would stop at the imports, with
// words that help nobody.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 12)) {
  await import('./cli.ts')
} else {
  const version = process.versions.node
  process.stderr.write(`stowage: Node.js ${version} is too old; install Node.js 22.12 or newer\n`)
  process.exitCode = 4
}

export {}
