// jest's `globalTeardown` for all of the setups in this folder: stops the servers and says which ran.
import { reportServers, stopShared } from '../src/index.ts'

let done = false

export default async () => {
  await stopShared()
  if (done) return
  done = true
  for (const line of reportServers()) console.log(line)
}
