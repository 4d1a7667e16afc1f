// The real SDK with exporters in memory, and a driver that can be made to fail.
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { StowageInstrumentation, type StowageInstrumentationConfig } from '@stowage/opentelemetry'

/** An instrumentation whose spans and metrics can be looked at. */
export class Telemetry implements AsyncDisposable {
  readonly #exporter = new InMemorySpanExporter()
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly #reader = new PeriodicExportingMetricReader({
    exporter: this.#metrics,
    exportIntervalMillis: 3_600_000,
  })
  readonly provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter } as never)],
  })
  readonly meters = new MeterProvider({ readers: [this.#reader] })
  readonly instrumentation: StowageInstrumentation

  constructor(config: StowageInstrumentationConfig = {}) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    trace.setGlobalTracerProvider(this.provider)
    this.instrumentation = new StowageInstrumentation(config)
    this.instrumentation.setTracerProvider(this.provider)
    this.instrumentation.setMeterProvider(this.meters)
  }

  /** What has ended so far, in this order. */
  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  get names(): readonly string[] {
    return this.spans.map(({ name }) => name)
  }

  /** The only span of that name. */
  span(name: string): ReadableSpan {
    const found = this.spans.filter((one) => one.name === name)
    if (found.length !== 1 || found[0] === undefined) {
      throw new Error(`${found.length} spans are called ${name}: there are ${this.names}`)
    }
    return found[0]
  }

  /** Runs it in a span of its own. */
  within<T>(name: string, run: () => Promise<T>): Promise<T> {
    return trace.getTracer('test').startActiveSpan(name, async (span) => {
      try {
        return await run()
      } finally {
        span.end()
      }
    })
  }

  /** The instrument of that name as it stands. */
  async metric(name: string): Promise<MetricData | undefined> {
    await this.#reader.forceFlush()
    const scopes = this.#metrics.getMetrics().at(-1)?.scopeMetrics ?? []
    return scopes
      .flatMap(({ metrics }) => metrics)
      .find(({ descriptor }) => descriptor.name === name)
  }

  /** Value by labels, as `driver=inmemory action=Stat`. */
  async values(name: string): Promise<Record<string, unknown>> {
    const points = (await this.metric(name))?.dataPoints ?? []
    return Object.fromEntries(
      points.map(({ attributes, value }) => [
        Object.values(attributes).join(' '),
        typeof value === 'number' ? value : value.count,
      ]),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.instrumentation.disable()
    await Promise.all([this.provider.shutdown(), this.meters.shutdown()])
    trace.disable()
    context.disable()
  }
}

/** The parent's id of a span. */
export function parentOf(span: ReadableSpan): string | undefined {
  return span.parentSpanContext?.spanId
}
