import { BlockList, isIP } from 'node:net'
import type { Settings } from './options.ts'

type RangeSettings = Pick<
  Settings,
  'ipRangesURL' | 'updateFrequency' | 'regions' | 'fetch' | 'warn'
>

/** The form of https://ip-ranges.amazonaws.com/ip-ranges.json. */
interface Document {
  readonly prefixes?: readonly { readonly ip_prefix: string; readonly region: string }[]
  readonly ipv6_prefixes?: readonly { readonly ipv6_prefix: string; readonly region: string }[]
}

/** Longest that one fetch may take. */
const FETCH_MS = 30_000

/** Amazon's networks, fetched again and again. What cannot be fetched leaves the last ones in place. */
export class AddressRanges {
  readonly #settings: RangeSettings
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #list: BlockList | undefined
  /** What was said last: the same trouble is not told again every time. */
  #warned: string | undefined

  constructor(settings: RangeSettings) {
    this.#settings = settings
  }

  /** The first fetch, whose failure is a warning only: until one works, no address is in any network. */
  async start(): Promise<void> {
    await this.#update()
    if (this.#stop.signal.aborted) return
    this.#timer = setInterval(() => void this.#update(), this.#settings.updateFrequency)
    // A program that has nothing else to do may end.
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#stop.abort()
  }

  /** Whether a network is known that holds the address. */
  has(address: string | undefined): boolean {
    const version = address === undefined ? 0 : isIP(address)
    if (address === undefined || version === 0) return false
    return this.#list?.check(address, version === 4 ? 'ipv4' : 'ipv6') ?? false
  }

  async #update(): Promise<void> {
    const { ipRangesURL } = this.#settings
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(FETCH_MS)])
      const reply = await this.#settings.fetch(ipRangesURL, { signal })
      if (!reply.ok) throw new Error(`status ${reply.status}`)
      // In one step: nobody sees half of the new networks.
      this.#list = this.#parse((await reply.json()) as Document | null)
      this.#warned = undefined
    } catch (error) {
      if (this.#stop.signal.aborted) return
      const { message } = error as Error
      if (message !== this.#warned) {
        this.#settings.warn(`cloudfront: address ranges of ${ipRangesURL}: ${message}`)
      }
      this.#warned = message
    }
  }

  /** @throws Error where there is no network in it: the last ones stay. */
  #parse(document: Document | null): BlockList {
    const { prefixes = [], ipv6_prefixes = [] } = document ?? {}
    const list = new BlockList()
    for (const { ip_prefix, region } of prefixes) this.#add(list, ip_prefix, region)
    for (const { ipv6_prefix, region } of ipv6_prefixes) this.#add(list, ipv6_prefix, region)
    if (list.rules.length === 0) throw new Error('the document has no networks')
    return list
  }

  #add(list: BlockList, network: string, region: string): void {
    const { regions } = this.#settings
    if (regions.length > 0 && !regions.includes(region.toLowerCase())) return
    try {
      const [address = '', bits] = network.split('/')
      list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
    } catch {
      this.#settings.warn(`cloudfront: ${network} is no network, left out`)
    }
  }
}
