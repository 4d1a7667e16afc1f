// Asks a Google Cloud Storage server how it behaves, over plain HTTP, and prints one line per question:
//   node scripts/gcs-matrix.mjs http://127.0.0.1:4443 [only questions with this text]
// `+` is what the real service does by its documentation, `-` is something else.
import { asJson, ask, bucket, must, question, total } from './gcs-client.mjs'

await question('bucket: create', async () => {
  const query = { project: 'test' }
  must(await ask('POST', '/storage/v1/b', { query, ...asJson({ name: bucket }) }), 200)
})
await import('./gcs-questions-write.mjs')
await import('./gcs-questions-read.mjs')
console.log(`${total.yes} as documented, ${total.no} not`)
process.exit(0)
