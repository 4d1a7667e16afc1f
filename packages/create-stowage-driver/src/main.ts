#!/usr/bin/env node
// Run by `npm create stowage-driver`. Nothing is imported before the check: an older Node.js would stop at the imports.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 12)) {
  const { run } = await import('./run.ts')
  process.exitCode = await run(process.argv.slice(2))
} else {
  const version = process.versions.node
  process.stderr.write(
    `create-stowage-driver: Node.js ${version} is too old; install 22.12 or newer\n`,
  )
  process.exitCode = 1
}

export {}
