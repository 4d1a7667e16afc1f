import { tracingChannel } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import {
  type Context,
  context,
  diag,
  type MeterProvider,
  metrics,
  type Span,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { OPERATION_CHANNEL, type OperationContext } from '@stowage/core'
import { type Config, complete, type StowageInstrumentationConfig } from './config.ts'
import { Measures } from './measures.ts'
import { actionOf, endAttributes, errorType, startAttributes } from './names.ts'

/** An operation that is under way. */
interface Live {
  readonly startedAt: number
  readonly span: Span | undefined
  /** What its own operations and the driver's requests are children of. */
  readonly context: Context
  /** Gives the caller its context back. */
  restore: (() => void) | undefined
}

type Listener = (operation: OperationContext) => void

/**
 * Makes spans and metrics of everything that Stowage's drivers do, out of the events on core's diagnostics
 * channel. It replaces nothing in any module: without an enabled instance there is nothing that could cost
 * time, and drivers that were created before are seen too.
 *
 * It has the interface that `registerInstrumentations` and `NodeSDK` take. Nothing that it does reaches the
 * caller of a driver: its own failures, and those of the functions in its configuration, go to `diag`.
 *
 * @example
 * ```ts
 * registerInstrumentations({ instrumentations: [new StowageInstrumentation()] })
 * ```
 */
export class StowageInstrumentation {
  readonly instrumentationName = '@stowage/opentelemetry'
  readonly instrumentationVersion: string = version()
  readonly #channel = tracingChannel<string, OperationContext>(OPERATION_CHANNEL)
  readonly #live = new Map<OperationContext, Live>()
  readonly #subscribers = {
    start: this.#guarded((operation) => this.#start(operation)),
    end: this.#guarded((operation) => this.#leave(operation)),
    asyncStart: () => {},
    asyncEnd: this.#guarded((operation) => this.#finish(operation)),
    error: () => {},
  }
  #config: Config
  #tracer: Tracer
  #measures: Measures
  #enabled = false

  constructor(config: StowageInstrumentationConfig = {}) {
    this.#config = complete(config)
    this.#tracer = trace.getTracer(this.instrumentationName, this.instrumentationVersion)
    this.#measures = this.#measuresOf(metrics)
    if (this.#config.enabled) this.enable()
  }

  /** Listens from now on. Operations that are under way already are not seen. */
  enable(): void {
    if (this.#enabled) return
    this.#enabled = true
    this.#channel.subscribe(this.#subscribers as never)
  }

  /** Listens no more, and ends the spans of what is under way. */
  disable(): void {
    if (!this.#enabled) return
    this.#enabled = false
    this.#channel.unsubscribe(this.#subscribers as never)
    for (const operation of [...this.#live.keys()])
      this.#guarded(() => this.#finish(operation))(operation)
  }

  setTracerProvider(provider: TracerProvider): void {
    this.#tracer = provider.getTracer(this.instrumentationName, this.instrumentationVersion)
  }

  setMeterProvider(provider: MeterProvider): void {
    this.#measures = this.#measuresOf(provider)
  }

  /** Replaces the configuration; `enabled` is what {@link enable} and {@link disable} make of it. */
  setConfig(config: StowageInstrumentationConfig): void {
    this.#config = complete(config)
  }

  getConfig(): StowageInstrumentationConfig {
    return this.#config
  }

  #measuresOf(provider: Pick<MeterProvider, 'getMeter'>): Measures {
    return new Measures(provider.getMeter(this.instrumentationName, this.instrumentationVersion))
  }

  /** What a subscriber throws would end the process. */
  #guarded(listener: Listener): Listener {
    return (operation) => {
      try {
        listener(operation)
      } catch (error) {
        diag.error(`${this.instrumentationName}: ${(error as Error)?.message}`)
      }
    }
  }

  #start(operation: OperationContext): void {
    if (!this.#config.filter(operation)) return
    const { span, inner } = this.#open(operation)
    const live: Live = { startedAt: performance.now(), span, context: inner, restore: undefined }
    this.#live.set(operation, live)
    this.#measures.start(operation, inner)
    live.restore = attach(inner)
  }

  #open(operation: OperationContext): { span: Span | undefined; inner: Context } {
    const { method, within } = operation
    const active = context.active()
    const upload = within && this.#live.get(within)?.context
    const isSameTrace = upload !== undefined && traceId(upload) === traceId(active)
    // A writer may outlive the request that opened it: then the caller counts, with a link to the upload.
    const outer = upload !== undefined && (isSameTrace || !trace.getSpan(active)) ? upload : active
    if (method === 'write' && !this.#config.writes)
      return { span: undefined, inner: upload ?? active }
    const linked = outer !== upload && upload && trace.getSpanContext(upload)
    const span = this.#tracer.startSpan(
      actionOf(method),
      {
        attributes: startAttributes(operation, this.#config.paths),
        links: linked ? [{ context: linked }] : [],
      },
      outer,
    )
    return { span, inner: trace.setSpan(outer, span) }
  }

  /** The call has returned to its caller, who goes on in a context of its own. */
  #leave(operation: OperationContext): void {
    const live = this.#live.get(operation)
    live?.restore?.()
    if (live) live.restore = undefined
  }

  #finish(operation: OperationContext): void {
    const live = this.#live.get(operation)
    if (live === undefined) return
    this.#live.delete(operation)
    const { span, startedAt } = live
    this.#measures.end(operation, (performance.now() - startedAt) / 1000, live.context)
    if (span === undefined) return
    try {
      span.setAttributes(endAttributes(operation))
      if (operation.error !== undefined) this.#fail(span, operation)
    } finally {
      span.end()
    }
  }

  #fail(span: Span, operation: OperationContext): void {
    const { error } = operation
    const type = errorType(error)
    span.setAttribute('error.type', type)
    if (!this.#config.isError(error, operation)) return
    // The message may hold the path, which is then not to be shown.
    const message = this.#config.paths ? String((error as Error)?.message ?? error) : type
    span.setStatus({ code: SpanStatusCode.ERROR, message })
    span.recordException({ name: type, message })
  }
}

/**
 * Makes the context the current one of whatever runs next, until the result is called. Nothing else can do
 * it between two events; an API before 1.10 cannot, and there the requests of SDKs are children of the caller's span.
 */
function attach(inner: Context): (() => void) | undefined {
  const api = context as { attach?: (inner: Context) => { dispose(): void } }
  const token = api.attach?.(inner)
  return token && (() => token.dispose())
}

function traceId(of: Context): string | undefined {
  return trace.getSpanContext(of)?.traceId
}

function version(): string {
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version
}
