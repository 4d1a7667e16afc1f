import { aborting } from './areas/aborting.ts'
import { capabilities } from './areas/claims.ts'
import { closing } from './areas/closing.ts'
import { content } from './areas/content.ts'
import { deleting } from './areas/deleting.ts'
import { failing, paths } from './areas/failing.ts'
import { information } from './areas/information.ts'
import { listing } from './areas/listing.ts'
import { moving } from './areas/moving.ts'
import { purging } from './areas/purging.ts'
import { reading } from './areas/reading.ts'
import { sessions } from './areas/sessions.ts'
import { states } from './areas/states.ts'
import { storages } from './areas/storages.ts'
import { times } from './areas/times.ts'
import { visibility } from './areas/visibility.ts'
import { walking } from './areas/walking.ts'
import { writing } from './areas/writing.ts'
import type { Saboteur } from './saboteur.ts'

/** Every driver that is broken on purpose. */
export const saboteurs: readonly Saboteur[] = [
  ...paths,
  ...content,
  ...reading,
  ...writing,
  ...states,
  ...visibility,
  ...sessions,
  ...information,
  ...times,
  ...listing,
  ...walking,
  ...moving,
  ...deleting,
  ...purging,
  ...failing,
  ...aborting,
  ...capabilities,
  ...storages,
  ...closing,
]
