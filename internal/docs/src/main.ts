// Makes the site into build/site: npm run pnpm -- --filter @stowage-internal/docs site
import { buildSite, site } from './site.ts'

const complaints = await buildSite()
for (const complaint of complaints) console.error(complaint)
if (complaints.length > 0) process.exitCode = 1
else console.log(`open ${site}/index.html`)
