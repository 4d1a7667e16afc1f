// jest's `globalSetup` in full size: Azurite with its data on disk, for this package's tests alone.
import { shareEnvironment, startAzurite } from '@stowage-internal/test-servers'

export default async () => {
  const server = await startAzurite({ disk: true })
  if (server === undefined) return
  await server.start()
  globalThis.stowageAzurite = server
  Object.assign(process.env, shareEnvironment(['azurite'], [server]))
}
