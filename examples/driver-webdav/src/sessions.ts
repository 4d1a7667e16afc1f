import { createHash, randomUUID } from 'node:crypto'
import { isBeneath, type UploadInfo, UploadNotFoundError } from '@stowage/core/driver'
import type { Dav, Entry } from './dav.ts'

/** Collection of all that is not published. Nothing beneath it can be reached by a path of the storage. */
export const STAGING = '/.stowage-uploads'
/** What a session's parts become in a commit. */
const WHOLE = 'whole'

/** A session's place, and the sizes of its parts in order. */
export interface Session {
  readonly path: string
  readonly place: string
  readonly parts: number[]
}

interface Found {
  readonly place: string
  readonly startedAt: Date
}

/** What a session tells of itself: its path, and the session whose parts it takes over. */
interface About {
  readonly path: string
  readonly from?: string | undefined
}

interface Purge {
  readonly olderThan: Date
  readonly dryRun: boolean
}

/**
 * Unfinished uploads. A session is a collection `<time>-<hash of the path>-<uuid>` that holds `about.json` and
 * parts, files named `<index>.<size>`; one of another size was broken off. A session has one writer in its
 * life. Who continues or publishes it moves part 0 away: a file can be moved by one only, so that the others
 * find out by a 404.
 */
export class Sessions {
  readonly dav: Dav

  constructor(dav: Dav) {
    this.dav = dav
  }

  /** Stores content under a name of its own, hands that on, and leaves nothing behind. */
  async stage(
    content: Uint8Array,
    signal: AbortSignal | undefined,
    use: (staged: string) => Promise<void>,
  ): Promise<void> {
    const staged = `${STAGING}/${now()}-${randomUUID()}`
    try {
      await this.#inStaging(signal, (options) => this.dav.put(staged, content, options))
      await use(staged)
    } catch (error) {
      // The caller's signal may be what failed; the first error is the one to tell.
      await this.dav.status('DELETE', staged, { expect: [404] }).catch(() => {})
      throw error
    }
  }

  async begin(path: string, signal?: AbortSignal, from?: string): Promise<Session> {
    const place = `${STAGING}/${now()}-${hashOf(path)}-${randomUUID()}`
    await this.#inStaging(signal, (options) => this.dav.status('MKCOL', place, options))
    const about: About = { path, from }
    await this.dav.put(`${place}/about.json`, Buffer.from(JSON.stringify(about)), { signal })
    return { path, place, parts: [] }
  }

  /** Takes over the newest session of the path that nobody else takes over meanwhile. */
  async claim(path: string, signal: AbortSignal | undefined): Promise<Session | undefined> {
    const hash = hashOf(path)
    for (const { place } of await this.#all(signal)) {
      if (!place.includes(hash)) continue
      const session = await this.#takeOver(path, place, signal)
      if (session) return session
    }
    return undefined
  }

  async #takeOver(
    path: string,
    place: string,
    signal: AbortSignal | undefined,
  ): Promise<Session | undefined> {
    const first = (await this.#parts(place, 0, signal))[0]?.name ?? WHOLE
    const before = (await this.#about(place, signal))?.from
    const session = await this.begin(path, signal, place)
    if (!(await this.#take(place, session, first, signal))) {
      await this.remove(session)
      return undefined
    }
    // The one before is still there where its taker died on the way: then the rest of the parts is in it.
    for (const source of [place, before]) {
      if (source === undefined) continue
      for (const part of await this.#parts(source, session.parts.length, signal)) {
        await this.#take(source, session, part.name, signal)
      }
    }
    // Before anything new is written: a late part of the former writer must have nowhere to go.
    for (const source of [before, place]) if (source) await this.remove({ place: source })
    return session
  }

  /** Moves a part, or a whole, behind the parts of a session; false where another one was quicker. */
  async #take(source: string, { place, parts }: Session, name: string, signal?: AbortSignal) {
    const [found] = (await this.dav.find(`${source}/${name}`, 0, signal)) ?? []
    if (found === undefined) return false
    const to = `${place}/${parts.length}.${found.size}`
    const expect = [404, 409, 412]
    const status = await this.dav.move(`${source}/${name}`, to, { signal, expect })
    if (status >= 300) return false
    if (found.size > 0) parts.push(found.size)
    else await this.dav.status('DELETE', to, { signal })
    return true
  }

  /**
   * Puts the parts together, and makes sure that nobody else continues the session any more. The file that
   * it returns is all there is of the session then.
   * @throws UploadNotFoundError where somebody else has it.
   */
  async join({ path, place, parts }: Session, signal: AbortSignal | undefined): Promise<string> {
    const [first, ...rest] = parts.map((size, index) => `${place}/${index}.${size}`)
    if (first === undefined || rest.length === 0) return first ?? `${place}/0.0`
    const whole = `${place}/${WHOLE}`
    await this.dav.put(`${whole}.new`, this.#content([first, ...rest]), { signal })
    const taken = await this.dav.move(first, `${place}/joined`, { expect: [404] })
    if (taken === 404) throw gone({ path })
    await this.dav.move(`${whole}.new`, whole)
    return whole
  }

  async *#content(parts: readonly string[]): AsyncGenerator<Uint8Array> {
    for (const part of parts) {
      const response = await this.dav.send('GET', part)
      if (response.body) yield* response.body
    }
  }

  /** The whole parts of a session from the index on, without a gap. */
  async #parts(place: string, index: number, signal: AbortSignal | undefined): Promise<Entry[]> {
    const files = (await this.dav.find(place, 1, signal)) ?? []
    const parts: Entry[] = []
    for (;;) {
      const name = `${index + parts.length}.`
      const part = files.find(
        (file) => file.name.startsWith(name) && file.name === name + file.size,
      )
      if (part === undefined) return parts
      parts.push(part)
    }
  }

  /** The uploads at and beneath the path, each after its removal; with `dryRun`, without. */
  async *beneath(
    path: string,
    signal: AbortSignal | undefined,
    { olderThan, dryRun }: Purge = { olderThan: new Date(8.64e15), dryRun: false },
  ): AsyncGenerator<UploadInfo> {
    for (const { place, startedAt } of await this.#all(signal)) {
      if (startedAt >= olderThan) continue
      const about = await this.#about(place, signal)
      // What a killed process left of a putContent or of a take-over is of no path: it goes with the root.
      const own = about === undefined ? path === '/' : covers(path, about.path)
      if (!own) continue
      if (!dryRun) await this.remove({ place })
      if (about) yield { path: about.path, startedAt }
    }
  }

  async remove({ place }: { place: string }): Promise<void> {
    await this.dav.status('DELETE', place, { expect: [404] })
  }

  /** Everything in staging, the newest first. */
  async #all(signal: AbortSignal | undefined): Promise<Found[]> {
    const entries = (await this.dav.find(STAGING, 1, signal)) ?? []
    return entries
      .sort((a, b) => (a.name < b.name ? 1 : -1))
      .map(({ name }) => ({
        place: `${STAGING}/${name}`,
        startedAt: new Date(Number(name.split('-')[0])),
      }))
  }

  async #about(place: string, signal: AbortSignal | undefined): Promise<About | undefined> {
    const expect = [404, 405, 409, 500]
    const text = await this.dav.text('GET', `${place}/about.json`, { signal, expect })
    return typeof text === 'string' && text.endsWith('}') ? (JSON.parse(text) as About) : undefined
  }

  /** Makes the staging collection with the first thing that is to go there. */
  async #inStaging(
    signal: AbortSignal | undefined,
    run: (options: { signal: AbortSignal | undefined; expect?: number[] }) => Promise<number>,
  ): Promise<void> {
    if ((await run({ signal, expect: [404, 409] })) < 300) return
    // Many may do so at once, and servers have several answers to that: what counts is the second run.
    await this.dav.status('MKCOL', STAGING, { signal, expect: [403, 405, 409, 500] })
    await run({ signal })
  }
}

export function gone({ path }: { path: string }): UploadNotFoundError {
  return new UploadNotFoundError('the upload was removed or taken over', { path })
}

function covers(path: string, upload: string): boolean {
  return upload === path || isBeneath(upload, path)
}

/** Milliseconds, of one length until the year 2286, so that names sort by age. */
function now(): string {
  return String(Date.now())
}

function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex')
}
