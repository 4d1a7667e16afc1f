// What `npm start` runs: with arguments the `stowage` command, without any the demonstration.
// The command runs in this very process, in the directory the user was in, so arguments, exit code, signals and
// stdio are untouched.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setup } from './setup.mjs'
import { root } from './workspaces.mjs'

setup()

const args = process.argv.slice(2)
const script = args.length > 0 ? 'packages/cli/dist/main.js' : 'examples/demonstration/main.mjs'
const file = join(root, script)
if (!existsSync(file)) {
  console.error(`stowage: ${script} does not exist; its source is missing or was not built`)
  process.exit(1)
}
if (args.length > 0) process.chdir(process.env.INIT_CWD ?? process.cwd())
process.argv = [process.argv[0], file, ...args]
await import(pathToFileURL(file).href)
