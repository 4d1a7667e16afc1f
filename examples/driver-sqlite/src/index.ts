import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Readable } from 'node:stream'
import * as core from '@stowage/core'

declare module '@stowage/core' {
  interface DriverParameters {
    sqlite: SqliteParameters
  }
}

export interface SqliteParameters {
  /** The database file; made on first use. */
  file: string
}

const schema = { file: core.text({ required: true, expected: 'the path of a database file' }) }

core.register('sqlite', (raw) => new SqliteDriver(core.parseParameters('sqlite', schema, raw)), {
  fromURL: (url) => ({ file: decodeURIComponent(url.pathname), ...core.queryParameters(url) }),
})

// A file is a row that names a revision, a revision is a run of chunks. An upload writes chunks of a
// revision that no file names yet: to commit is to name it. Text compares as its UTF-8, byte by byte.
const TABLES = `PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, revision TEXT, size INTEGER, time INTEGER);
  CREATE TABLE IF NOT EXISTS uploads (id INTEGER PRIMARY KEY, path TEXT, revision TEXT, size INTEGER,
    time INTEGER, owner TEXT);
  CREATE TABLE IF NOT EXISTS chunks (revision TEXT, start INTEGER, bytes BLOB, PRIMARY KEY (revision, start));
  CREATE TRIGGER IF NOT EXISTS file_gone AFTER DELETE ON files BEGIN
    DELETE FROM chunks WHERE revision = old.revision; END;
  CREATE TRIGGER IF NOT EXISTS upload_gone AFTER DELETE ON uploads BEGIN DELETE FROM chunks
    WHERE revision = old.revision AND NOT EXISTS (SELECT 1 FROM files WHERE revision = old.revision); END;`

const CHUNK = 256 * 1024
/** What is beneath the path ?1: `0` is the character after `/`. */
const BENEATH = `(path > ?1 || '/' AND path < ?1 || '0')`

interface Row {
  readonly path: string
  readonly revision: string
  readonly size: number
  readonly time: number
}

/** The few calls of SQLite that are needed, opened on first use. */
class Database {
  readonly #file: string
  #opened: DatabaseSync | undefined
  constructor(file: string) {
    this.#file = file
  }
  open(): DatabaseSync {
    if (this.#opened === undefined) {
      this.#opened = new DatabaseSync(this.#file)
      this.#opened.exec(TABLES)
    }
    return this.#opened
  }
  all<T = Row>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.open()
      .prepare(sql)
      .all(...values) as T[]
  }
  /** Runs a statement and says how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(
      this.open()
        .prepare(sql)
        .run(...values).changes,
    )
  }
  /** All of it or nothing, with the write lock from the start. */
  transaction<T>(steps: () => T): T {
    this.open().exec('BEGIN IMMEDIATE')
    try {
      const result = steps()
      this.open().exec('COMMIT')
      return result
    } catch (error) {
      this.open().exec('ROLLBACK')
      throw error
    }
  }
  close(): void {
    this.#opened?.close()
    this.#opened = undefined
  }
}

export class SqliteDriver implements core.BareDriver {
  readonly name = 'sqlite'
  readonly capabilities: Partial<core.Capabilities> = {
    persistent: true,
    append: true,
    purgeUploads: true,
    fileAndDirectory: true,
    longNames: true,
    unicodePaths: true,
    caseSensitive: true,
    atomicMove: true,
  }
  readonly #db: Database

  constructor({ file }: SqliteParameters) {
    this.#db = new Database(file)
  }

  async getContent(path: string): Promise<Uint8Array> {
    // In one transaction: another process may replace the file between the row and its chunks.
    return this.#db.transaction(() =>
      Buffer.concat([...this.#chunks(this.#file(path), 0, Number.MAX_SAFE_INTEGER)]),
    )
  }

  async putContent(path: string, content: Uint8Array, { signal }: core.BareOptions): Promise<void> {
    signal?.throwIfAborted()
    const writer = new SqliteWriter(this.#db, path)
    // Without a pause between the two, in which a delete would take the upload away.
    await Promise.all([writer.write(content), writer.commit()])
  }

  async reader(path: string, { offset, length }: core.BareReaderOptions): Promise<Readable> {
    const file = this.#file(path)
    if (offset > file.size) throw new core.InvalidOffsetError(path, offset)
    return Readable.from(this.#chunks(file, offset, offset + (length ?? file.size)))
  }

  async writer(path: string, { append }: core.BareWriterOptions): Promise<core.BareWriter> {
    if (!append) return new SqliteWriter(this.#db, path)
    // Whoever wrote to the newest upload so far finds out at its next step that it has a new owner.
    const [upload] = this.#db.all(
      `UPDATE uploads SET owner = ? WHERE id = (SELECT max(id) FROM uploads WHERE path = ?) RETURNING *`,
      crypto.randomUUID(),
      path,
    )
    if (upload || this.#file(path).size === 0) return new SqliteWriter(this.#db, path, upload)
    throw new core.UnsupportedMethodError({ path, detail: 'committed content cannot be continued' })
  }

  async stat(path: string): Promise<core.FileInfo> {
    const [file] = this.#db.all('SELECT * FROM files WHERE path = ?', path)
    if (file) return { path, size: file.size, modTime: new Date(file.time), isDir: false }
    for await (const _ of this.list(path))
      return { path, size: 0, modTime: new Date(0), isDir: true }
    throw new core.PathNotFoundError(path)
  }

  async *list(path: string): AsyncGenerator<string> {
    const prefix = core.directoryKey(path)
    const next = 'SELECT path FROM files WHERE path >= ? AND path < ? ORDER BY path LIMIT 1'
    for (let from = prefix; ; ) {
      const key = this.#db.all(next, from, `${prefix.slice(0, -1)}0`)[0]?.path
      if (key === undefined) return
      const cut = key.indexOf('/', prefix.length)
      yield cut < 0 ? key : key.slice(0, cut + 1)
      from = cut < 0 ? `${key}\u0001` : `${key.slice(0, cut)}0`
    }
  }

  async move(source: string, destination: string): Promise<void> {
    const moved = this.#db.transaction(() => {
      for (const what of ['path = ?1', BENEATH]) {
        if (this.#db.all(`SELECT * FROM files WHERE ${what} LIMIT 1`, source).length === 0) continue
        this.#db.run(`DELETE FROM files WHERE ${what}`, destination)
        const renamed = 'UPDATE files SET path = ?2 || substr(path, length(?1) + 1)'
        return this.#db.run(`${renamed} WHERE ${what}`, source, destination)
      }
      return 0
    })
    if (moved === 0) throw new core.PathNotFoundError(source)
  }

  async delete(path: string): Promise<void> {
    const gone = this.#db.transaction(() =>
      ['uploads', 'files'].map((table) =>
        this.#db.run(`DELETE FROM ${table} WHERE path = ?1 OR ${BENEATH}`, path),
      ),
    )
    if (gone.every((count) => count === 0)) throw new core.PathNotFoundError(path)
  }

  async *purgeUploads(
    path: string,
    { olderThan, dryRun }: core.BarePurgeOptions,
  ): AsyncGenerator<core.UploadInfo> {
    const old = `SELECT * FROM uploads WHERE (path = ?1 OR ${BENEATH}) AND time < ?2`
    for (const upload of this.#db.all(old, path === '/' ? '' : path, olderThan.getTime())) {
      if (!dryRun) this.#db.run('DELETE FROM uploads WHERE revision = ?', upload.revision)
      yield { path: upload.path, size: upload.size, startedAt: new Date(upload.time) }
    }
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #file(path: string): Row {
    const [row] = this.#db.all('SELECT * FROM files WHERE path = ?', path)
    if (row === undefined) throw new core.PathNotFoundError(path)
    return row
  }

  *#chunks({ path, revision, size }: Row, start: number, end: number): Generator<Uint8Array> {
    const holding =
      'SELECT * FROM chunks WHERE revision = ? AND start <= ? ORDER BY start DESC LIMIT 1'
    for (let at = start; at < Math.min(end, size); ) {
      const [chunk] = this.#db.all<{ start: number; bytes: Uint8Array }>(holding, revision, at)
      if (chunk === undefined)
        throw new core.RevisionChangedError('replaced while it was read', { path })
      const bytes = chunk.bytes.subarray(at - chunk.start, end - chunk.start)
      yield bytes
      at += bytes.length
    }
  }
}

class SqliteWriter implements core.BareWriter {
  readonly #db: Database
  readonly #upload: Row & { readonly owner?: string }
  #buffered: Buffer[] = []
  #stored: number
  size: number

  constructor(db: Database, path: string, continued?: Row) {
    this.#db = db
    const begin =
      'INSERT INTO uploads (path, revision, size, time, owner) VALUES (?, ?, 0, ?, ?) RETURNING *'
    const values = [path, crypto.randomUUID(), Date.now(), crypto.randomUUID()]
    this.#upload = continued ?? (db.all(begin, ...values)[0] as Row)
    this.#stored = this.size = this.#upload.size
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const part = Buffer.from(chunk.subarray(at, at + CHUNK - (this.size - this.#stored)))
      this.#buffered.push(part)
      this.size += part.length
      at += part.length
      if (this.size - this.#stored === CHUNK) this.#flush()
    }
  }

  async close(): Promise<void> {
    this.#flush()
  }

  async cancel(): Promise<void> {
    const { revision, owner = null } = this.#upload
    this.#db.run('DELETE FROM uploads WHERE revision = ? AND owner = ?', revision, owner)
  }

  async commit(): Promise<void> {
    this.#flush()
    const { path, revision } = this.#upload
    this.#db.transaction(() => {
      this.#mustOwn()
      this.#db.run('DELETE FROM files WHERE path = ?', path)
      this.#db.run('INSERT INTO files VALUES (?, ?, ?, ?)', path, revision, this.size, Date.now())
      this.#db.run('DELETE FROM uploads WHERE revision = ?', revision)
    })
  }

  #flush(): void {
    this.#db.transaction(() => {
      this.#mustOwn()
      const values = [this.#upload.revision, this.#stored, Buffer.concat(this.#buffered)]
      if (this.#buffered.length > 0) this.#db.run('INSERT INTO chunks VALUES (?, ?, ?)', ...values)
    })
    this.#stored = this.size
    this.#buffered = []
  }

  #mustOwn(): void {
    const { revision, owner = null, path } = this.#upload
    const mine = 'UPDATE uploads SET size = ? WHERE revision = ? AND owner = ?'
    if (this.#db.run(mine, this.size, revision, owner) === 1) return
    throw new core.UploadNotFoundError('the upload was removed or taken over', { path })
  }
}
