/** From here on a time has too many digits for a session's id: it is the year 5188. */
const END = 36 ** 9

/**
 * The service's time, from the `Date` of its answers. Sessions are named by it: the clocks of the machines that write
 * differ, and may be set back. Before the first answer it is this machine's time.
 */
export class ServiceClock {
  /** The service's time minus that of the monotonic clock, both in milliseconds. */
  #offset: number | undefined

  see(date: string | undefined): void {
    const time = Date.parse(date ?? '')
    if (time > 0 && time < END) this.#offset = time - performance.now()
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#offset === undefined ? Date.now() : Math.floor(this.#offset + performance.now())
  }
}
