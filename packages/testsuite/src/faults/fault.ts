import type { IncomingHttpHeaders } from 'node:http'

/** How a connection ends, or does not. */
export type Cut =
  /** RST: what the other side has not read yet is lost to it. */
  | 'reset'
  /** FIN: what was sent still arrives, then the connection is over. */
  | 'close'
  /** Nothing more comes, and the connection stays. */
  | 'stall'

/** A request as the proxy saw it; the numbers grow while it is under way. */
export interface Seen {
  /** Counted from 0, over all requests since {@link FaultProxy.reset}. */
  readonly index: number
  /** What the option `nameOf` makes of it; else method and path. */
  readonly operation: string
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  /** Bytes of the request's body that have come so far. */
  requestBytes: number
  /** Bytes of the reply's body that the server has sent so far. */
  replyBytes: number
  /** Status of the server's reply, once it has come. */
  status: number | undefined
}

/** A reply that the proxy gives in the server's place. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** A function makes a body that comes piece by piece, perhaps without an end, until the client leaves. */
  readonly body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>) | undefined
}

/** First line and headers of a reply. */
export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What happens to one request. An empty one passes it on unchanged. */
export interface Fault {
  /** Is awaited before the request is passed on; it is not passed on where the client left meanwhile. */
  readonly hold?: ((seen: Seen) => unknown) | undefined
  /** Is awaited when the server has answered completely, before anything of that is passed on. */
  readonly holdReply?: ((seen: Seen) => unknown) | undefined
  /** Is called once the request or its reply has been cut. */
  readonly onCut?: ((seen: Seen) => void) | undefined
  /** The request does not reach the server; this is the reply. */
  readonly answer?: Answer | undefined
  /**
   * The request is cut after so many bytes of its body, and the server never has it whole. Left out, or
   * where the body is shorter, it does not reach the server at all.
   */
  readonly cutRequest?: { readonly after?: number | undefined; readonly how: Cut } | undefined
  /**
   * The server carries the request out; its reply is cut after so many bytes of the body, with `'head'`
   * within its head, and with `'nothing'` before its first byte.
   */
  readonly cutReply?: { readonly after: number | 'head' | 'nothing'; readonly how: Cut } | undefined
  /**
   * The client hears nothing until it gives up and leaves. Only then the request reaches the server, which
   * carries it out: what a queue in between does.
   */
  readonly late?: boolean | undefined
  /** Changes first line and headers of the server's reply. */
  readonly change?: ((head: Head) => Head) | undefined
}

/** What is to happen to a request; undefined passes it on unchanged. */
export type Rule = (seen: Seen) => Fault | undefined
