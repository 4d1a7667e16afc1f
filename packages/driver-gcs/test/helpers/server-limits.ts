import { suiteCases } from '@stowage/testsuite'

/** What only a server with whole resumable uploads shows: the areas that gcp-storage-emulator runs. */
export const UPLOADS = ['process', 'resume', 'sessions', 'uploads']
export const REST = 'gcp-storage-emulator is here for unfinished uploads only, see README'

/** By the suite's ids; each is a fact about the server, not about the driver. */
export const SERVER_LIMITS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'fake-gcs-server': {
    'process-killed-writing': 'fake-gcs-server ends an upload that is asked how far it is',
    'process-killed-continuing': 'fake-gcs-server ends an upload that is asked how far it is',
    'redirect-expires': 'fake-gcs-server does not look at signatures, the fake does',
  },
  'gcp-storage-emulator': Object.fromEntries(
    suiteCases.filter(({ area }) => !UPLOADS.includes(area)).map(({ id }) => [id, REST]),
  ),
}
