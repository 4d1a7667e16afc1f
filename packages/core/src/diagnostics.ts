import { AsyncLocalStorage } from 'node:async_hooks'
import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'

/** What subscribers of the channels receive. The object is the same in all events of one operation. */
export interface OperationContext {
  readonly driver: string
  /**
   * The method: `getContent` ... `purgeUploads`; of a writer `write`, `writer.commit` ...; for as long as a
   * stream is open `read`, for as long as a writer is open `upload`.
   */
  readonly method: string
  readonly path: string
  readonly destination?: string | undefined
  readonly offset?: number | undefined
  readonly append?: boolean | undefined
  /** Of a writer's calls: its `upload`, the same object as in that operation's own events. */
  readonly within?: OperationContext | undefined
  /** Of an `upload`: how it ended. */
  outcome?: 'closed' | 'committed' | 'cancelled' | undefined
  /** Bytes that went through, or entries that came, by the end. */
  bytes?: number | undefined
  entries?: number | undefined
  /** Set by the channel on failure. */
  error?: unknown
}

/** Name of the tracing channel: `tracing:stowage:operation:start`, `:asyncEnd`, `:error` and so on. */
export const OPERATION_CHANNEL = 'stowage:operation'

/**
 * Every operation of every driver, as `node:diagnostics_channel` has it. Without a subscriber it costs
 * one comparison.
 */
const operations: TracingChannel<string, OperationContext> = tracingChannel(OPERATION_CHANNEL)

/**
 * Runs the operation inside of its events. What it gives, content or a URL with a signature, is the caller's
 * alone: no event has it.
 */
export async function traced<T>(
  context: () => OperationContext,
  run: (context: OperationContext | undefined) => Promise<T>,
): Promise<T> {
  if (!operations.hasSubscribers) return run(undefined)
  const made = context()
  let result: T | undefined
  const work = async (): Promise<void> => {
    result = await run(made)
  }
  await operations.tracePromise(work, made as never)
  return result as T
}

/** An operation that is under way while others come and go: a stream, a walk, a writer. */
export interface OpenOperation {
  readonly context: OperationContext
  /**
   * Runs a step of it in the asynchronous context that its subscribers had set at its start, so that what
   * the driver does then is theirs as well.
   */
  run<T>(step: () => T): T
  /** To be called once. Publishes the error, if any, and the end. */
  end(error?: unknown): void
}

/** Publishes the start of such an operation, or does nothing if no subscriber listens. */
export function begin(context: OperationContext): OpenOperation | undefined {
  if (!operations.hasSubscribers) return undefined
  const run = operations.start.runStores(context as never, () => {
    const snapshot = AsyncLocalStorage.snapshot()
    operations.end.publish(context as never)
    return snapshot
  })
  const end = (error?: unknown): void => {
    if (error !== undefined) {
      context.error = error
      operations.error.publish(context as never)
    }
    operations.asyncStart.publish(context as never)
    operations.asyncEnd.publish(context as never)
  }
  return { context, run, end }
}
