// What `npm run bench` run: installs and builds, then measures what was built. --help tells the rest.
import { setup } from '../../scripts/setup.mjs'

setup()
await import('./src/main.ts')
