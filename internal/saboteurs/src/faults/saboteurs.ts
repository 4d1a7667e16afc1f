// Drivers that are right as long as nothing fails, and wrong in one way when something does.
import type { DriverWriter, DriverWriterOptions } from '@stowage/core/driver'
import {
  Deaf,
  EmptyRetries,
  Forgetful,
  Leaking,
  Listening,
  Patient,
  Raw,
  ShortReads,
  Unhandled,
} from './broken-clients.ts'
import {
  Appends,
  CancelsAnyway,
  ClosesAnyway,
  DeletesTwice,
  Forgets,
  GivesUp,
  GoesOn,
  Litters,
  LoseOnMove,
  MakesRoom,
  NotFound,
  PublishesAnyway,
  ShortLists,
} from './broken-drivers.ts'
import { Client } from './client.ts'
import { HttpDriver } from './driver.ts'
import type { HttpWriter } from './writer.ts'

/** A driver that is broken in one way, and points of the fault suite at which it must be found. */
export interface FaultSaboteur {
  readonly id: string
  readonly breaks: string
  /** What the ids of these points contain. */
  readonly found: string
  open(endpoint: string, idleTimeoutMs: number, root: string): HttpDriver
}

type ClientClass = new (endpoint: string, idleTimeoutMs: number) => Client
type DriverClass = new (client: Client, root: string) => HttpDriver

function saboteur(
  about: Pick<FaultSaboteur, 'id' | 'breaks' | 'found'>,
  { client = Client, driver = HttpDriver }: { client?: ClientClass; driver?: DriverClass },
): FaultSaboteur {
  return { ...about, open: (endpoint, idle, root) => new driver(new client(endpoint, idle), root) }
}

/** The driver with another kind of writer. */
function writing(Writer: typeof HttpWriter): DriverClass {
  return class extends HttpDriver {
    override async writer(path: string, options: DriverWriterOptions): Promise<DriverWriter> {
      const writer = (await super.writer(path, options)) as HttpWriter
      return Object.setPrototypeOf(writer, Writer.prototype) as DriverWriter
    }
  }
}

/** Every driver that only a fault shows to be broken. */
export const faultSaboteurs: readonly FaultSaboteur[] = [
  saboteur(
    {
      id: 'short-reads',
      breaks: 'a body that breaks is an error',
      found: 'getContent/fault/0/close-after',
    },
    { client: ShortReads },
  ),
  saboteur(
    {
      id: 'empty-retries',
      breaks: 'a repeated request has its body',
      found: 'putContent/fault/0/reset',
    },
    { client: EmptyRetries },
  ),
  saboteur(
    { id: 'patient', breaks: 'silence ends a request', found: 'stat/fault/0/stall' },
    { client: Patient },
  ),
  saboteur(
    { id: 'deaf', breaks: 'an aborted request is ended', found: 'putContent/abort/0/stall' },
    { client: Deaf },
  ),
  saboteur(
    { id: 'listening', breaks: 'no listener stays on the signal', found: 'stat/abort/0/stall' },
    { client: Listening },
  ),
  saboteur(
    { id: 'leaking', breaks: 'close frees the connections', found: 'stat/fault/0/500' },
    { client: Leaking },
  ),
  saboteur(
    { id: 'forgetful', breaks: 'no timer stays', found: 'stat/fault/0+/5' },
    { client: Forgetful },
  ),
  saboteur(
    { id: 'raw', breaks: 'an error says that it may be tried again', found: 'stat/fault/0+/500' },
    { client: Raw },
  ),
  saboteur(
    { id: 'unhandled', breaks: 'no rejection is left unhandled', found: 'stat/fault/0+/500' },
    { client: Unhandled },
  ),
  saboteur(
    {
      id: 'not-found',
      breaks: '"I could not tell" is not "not found"',
      found: 'stat/fault/0+/503',
    },
    { driver: NotFound },
  ),
  saboteur(
    {
      id: 'lose-on-move',
      breaks: 'a source goes once its copy is whole',
      found: 'move/fault/1x3/500',
    },
    { driver: LoseOnMove },
  ),
  saboteur(
    {
      id: 'deletes-twice',
      breaks: 'a delete whose reply is lost has worked',
      found: 'delete/fault/2/lost',
    },
    { driver: DeletesTwice },
  ),
  saboteur(
    {
      id: 'goes-on',
      breaks: 'what has failed does nothing afterwards',
      found: 'putContent/fault/0+/500',
    },
    { driver: GoesOn },
  ),
  saboteur(
    {
      id: 'makes-room',
      breaks: 'old content stays until the new replaces it',
      found: 'putContent/kill/1/stall',
    },
    { driver: MakesRoom },
  ),
  saboteur(
    { id: 'litters', breaks: 'purgeUploads finds what is left', found: 'putContent/fault/1x3/500' },
    { driver: Litters },
  ),
  saboteur(
    { id: 'short-lists', breaks: 'a list is whole or an error', found: 'list/fault/0+/500' },
    { driver: ShortLists },
  ),
  saboteur(
    { id: 'forgets', breaks: 'append loses nothing of an upload', found: 'append/fault/0x3/500' },
    { driver: Forgets },
  ),
  saboteur(
    { id: 'appends', breaks: 'a repeated part changes nothing', found: 'write/fault/1/lost' },
    { driver: writing(Appends) },
  ),
  saboteur(
    { id: 'gives-up', breaks: 'a failed commit can be repeated', found: 'commit/fault/1x3/500' },
    { driver: writing(GivesUp) },
  ),
  saboteur(
    {
      id: 'closes-anyway',
      breaks: 'close makes all bytes durable or fails',
      found: 'close/fault/0x3/500',
    },
    { driver: writing(ClosesAnyway) },
  ),
  saboteur(
    { id: 'cancels-anyway', breaks: 'cancel removes all or fails', found: 'cancel/fault/0x3/500' },
    { driver: writing(CancelsAnyway) },
  ),
  saboteur(
    { id: 'publishes-anyway', breaks: 'what is published is whole', found: 'commit/fault/0x3/500' },
    { driver: writing(PublishesAnyway) },
  ),
]
