// Drivers and writers that are right as long as nothing fails.
import { type DriverCallOptions, type FileInfo, PathNotFoundError } from '@stowage/core/driver'
import { type Entry, HttpDriver } from './driver.ts'
import { HttpWriter, type Upload } from './writer.ts'

export class NotFound extends HttpDriver {
  override async stat(path: string, options: DriverCallOptions): Promise<FileInfo> {
    return super.stat(path, options).catch(() => {
      throw new PathNotFoundError(path)
    })
  }
}

export class LoseOnMove extends HttpDriver {
  override async copy(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
    await super.copy(from, to, signal).catch(() => {})
  }
}

export class DeletesTwice extends HttpDriver {
  override async remove(path: string, signal: AbortSignal | undefined): Promise<void> {
    const { status } = await this.client.call('DELETE', this.object(path), { signal })
    if (status === 404) throw new PathNotFoundError(path)
  }
}

export class GoesOn extends HttpDriver {
  override async putContent(
    path: string,
    content: Uint8Array,
    options: DriverCallOptions,
  ): Promise<void> {
    const waiting = new Promise((later) => setTimeout(later, 30))
    const second = waiting.then(() => super.putContent(path, content, options))
    second.catch(() => {})
    await super.putContent(path, content, options)
    await second
  }
}

export class MakesRoom extends HttpDriver {
  override async putContent(
    path: string,
    content: Uint8Array,
    options: DriverCallOptions,
  ): Promise<void> {
    await this.remove(path, options.signal)
    await super.putContent(path, content, options)
  }
}

export class Litters extends HttpDriver {
  override async putContent(
    path: string,
    content: Uint8Array,
    { signal }: DriverCallOptions,
  ): Promise<void> {
    const hidden = `/o/${encodeURIComponent(`${this.root}.tmp${path}`)}`
    await this.client.call('PUT', hidden, { body: content, signal })
    await super.putContent(path, content, { signal })
    await this.client.call('DELETE', hidden)
  }
}

export class ShortLists extends HttpDriver {
  override entries(prefix: string, signal: AbortSignal | undefined): Promise<Entry[]> {
    return super.entries(prefix, signal).catch(() => [])
  }
}

export class Forgets extends HttpDriver {
  override uploads(path: string, signal: AbortSignal | undefined): Promise<Upload[]> {
    return super.uploads(path, signal).catch(() => [])
  }
}

export class Appends extends HttpWriter {
  override async flush(count: number): Promise<void> {
    const body = this.buffer.subarray(0, count)
    const id = await this.begun()
    this.expect((await this.driver.client.call('PUT', `/u/${id}`, { body })).status)
    this.stored += count
    this.buffer = this.buffer.subarray(count)
  }
}

export class GivesUp extends HttpWriter {
  override async commit(): Promise<void> {
    await super.commit().catch(async (error: unknown) => {
      await this.cancel()
      throw error
    })
  }
}

export class ClosesAnyway extends HttpWriter {
  override async close(): Promise<void> {
    await super.close().catch(() => {})
  }
}

export class CancelsAnyway extends HttpWriter {
  override async cancel(): Promise<void> {
    await super.cancel().catch(() => {})
  }
}

export class PublishesAnyway extends HttpWriter {
  override async commit(): Promise<void> {
    await this.flush(this.buffer.length).catch(() => {})
    this.buffer = Buffer.alloc(0)
    await super.commit()
  }
}
