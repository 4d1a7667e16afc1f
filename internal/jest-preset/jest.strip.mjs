// TypeScript to JavaScript by Node's own type stripping: positions stay exact, so no source map is
// needed, and there is nothing to install. (No `sourceUrl`: it would empty the coverage table.)
import { createHash } from 'node:crypto'
import { stripTypeScriptTypes } from 'node:module'

export default {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
  // Change the first word when this file changes, or jest serves old results from its cache.
  getCacheKey: (source, file, options) =>
    createHash('sha256')
      .update(['strip-1', process.version, String(options.instrument), file, source].join('\0'))
      .digest('hex'),
}
