import type { Readable } from 'node:stream'
import type { Config } from './protocol.ts'

/** Bytes in chunks, as a socket or a file brings them. */
type Source = () => Readable

/**
 * One way to do the work, as somebody would write it who uses that library or those calls. What it cannot do it lacks.
 * Paths are absolute, as Stowage takes them.
 */
export interface Subject {
  put?(path: string, content: Uint8Array): Promise<unknown>
  /** Resolves to the whole content. */
  get?(path: string): Promise<Uint8Array>
  upload?(path: string, source: Source, size: number): Promise<unknown>
  download?(path: string): Promise<AsyncIterable<Uint8Array>>
  /** The direct children of a directory. */
  list?(path: string): AsyncIterable<unknown>
  /** All files beneath a directory, with their sizes, directories too where it has them. */
  walk?(path: string): AsyncIterable<unknown>
  move?(from: string, to: string): Promise<unknown>
  /** A directory with all that is beneath it. */
  delete?(path: string): Promise<unknown>
  /** Writes the first part, stops, and goes on in a second session. */
  resume?(path: string, first: Source, second: Source): Promise<unknown>
  /** Whether a walk names directories. */
  readonly walksDirectories?: boolean
}

/** What a module in subjects/ exports. */
export interface SubjectModule {
  open(config: Config): Promise<Subject>
}
