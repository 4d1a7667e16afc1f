// What `pnpm bench` and `npm run bench` run: installs and builds, then measures what was built. --help tells the rest.
import { setup } from './setup.mjs'

setup()
await import('../internal/bench/src/main.ts')
