import type {
  Attributes,
  Context,
  Counter,
  Histogram,
  Meter,
  UpDownCounter,
} from '@opentelemetry/api'
import type { OperationContext } from '@stowage/core'
import { actionOf, errorType } from './names.ts'

/** Prometheus' default buckets, which the Go registry has. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** They last as long as their consumer likes: their time says nothing of the storage. */
const LIFETIMES: ReadonlySet<string> = new Set(['read', 'upload', 'walk'])

const DIRECTIONS: Readonly<Record<string, string>> = {
  getContent: 'read',
  read: 'read',
  putContent: 'write',
  write: 'write',
}

/** The instruments: the Go registry's timer under its name, and what it lacks. */
export class Measures {
  readonly #seconds: Histogram
  readonly #active: UpDownCounter
  readonly #bytes: Counter
  readonly #errors: Counter

  constructor(meter: Meter) {
    this.#seconds = meter.createHistogram('registry_storage_action_seconds', {
      description: 'The number of seconds that the storage action takes',
      unit: 's',
      advice: { explicitBucketBoundaries: BUCKETS },
    })
    this.#active = meter.createUpDownCounter('stowage.active_operations', {
      description: 'Storage operations under way, open streams and writers among them',
    })
    this.#bytes = meter.createCounter('stowage.io', {
      description: 'Bytes of content that were read and accepted',
      unit: 'By',
    })
    this.#errors = meter.createCounter('stowage.errors', {
      description: 'Storage operations that failed',
    })
  }

  start(operation: OperationContext, context: Context): void {
    this.#active.add(1, labels(operation), context)
  }

  end(operation: OperationContext, seconds: number, context: Context): void {
    const { driver, method, bytes, error } = operation
    const about = labels(operation)
    this.#active.add(-1, about, context)
    if (!LIFETIMES.has(method)) this.#seconds.record(seconds, about, context)
    const direction = DIRECTIONS[method]
    const isWhole = method === 'read' || error === undefined
    if (direction !== undefined && isWhole && bytes !== undefined) {
      this.#bytes.add(bytes, { driver, direction }, context)
    }
    if (error !== undefined) {
      this.#errors.add(1, { ...about, 'error.type': errorType(error) }, context)
    }
  }
}

function labels({ driver, method }: OperationContext): Attributes {
  return { driver, action: actionOf(method) }
}
