// Runs the fake in a process of its own, with a bucket of that name, until its standard input ends:
// `node test/fake/main.ts [BUCKET] [PORT]`. Without a bucket, requests need an Authorization header. With a key in
// STOWAGE_FAKE_PUBLIC_KEY, signatures of URLs are checked.
import { FakeGcs } from './server.ts'

const [bucket, port = 0] = process.argv.slice(2)
const fake = await FakeGcs.start(Number(port))
fake.publicKey = process.env.STOWAGE_FAKE_PUBLIC_KEY
if (bucket === undefined) fake.authenticated = true
else fake.createBucket(bucket)
console.log(fake.endpoint)
process.stdin.on('end', () => process.exit(0)).resume()
