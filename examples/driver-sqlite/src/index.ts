import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { parameter, parseParameters, queryParameters, register } from '@stowage/core/driver'
import {
  ChunkDriver,
  type ChunkStore,
  type StoredFile,
  type StoredUpload,
} from '@stowage/driver-kit'

declare module '@stowage/core/driver' {
  interface DriverParameters {
    sqlite: SqliteParameters
  }
}

export interface SqliteParameters {
  /** The database file; made on first use. */
  file: string
}

const schema = {
  file: parameter.string({ required: true, expected: 'the path of a database file' }),
}

register('sqlite', (raw) => sqliteDriver(parseParameters('sqlite', schema, raw)), {
  fromURL: (url) => ({ file: decodeURIComponent(url.pathname), ...queryParameters(url) }),
})

export function sqliteDriver({ file }: SqliteParameters): ChunkDriver {
  return new ChunkDriver(new SqliteStore(file))
}

// Text compares as its UTF-8, byte by byte. The triggers remove chunks that nothing names any more.
const TABLES = `BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, revision TEXT, size INTEGER,
    modTime INTEGER, chunkSize INTEGER, owner TEXT);
  CREATE TABLE IF NOT EXISTS uploads (number INTEGER PRIMARY KEY, path TEXT, revision TEXT UNIQUE,
    owner TEXT, size INTEGER, startedAt INTEGER, chunkSize INTEGER);
  CREATE TABLE IF NOT EXISTS chunks (revision TEXT, number INTEGER, bytes BLOB,
    PRIMARY KEY (revision, number));
  CREATE TRIGGER IF NOT EXISTS file_gone AFTER DELETE ON files BEGIN
    DELETE FROM chunks WHERE revision = old.revision; END;
  CREATE TRIGGER IF NOT EXISTS upload_gone AFTER DELETE ON uploads BEGIN DELETE FROM chunks
    WHERE revision = old.revision AND NOT EXISTS (SELECT 1 FROM files WHERE revision = old.revision); END;
  COMMIT`

/** Milliseconds that a call waits for the lock of another process. */
const BUSY_TIMEOUT = 10_000
const SQLITE_BUSY = 5

const COLUMNS = 'path, revision, size, modTime, chunkSize, owner'
/** What is beneath the path ?1: `0` is the character after `/`. */
const BENEATH = `(path > ?1 || '/' AND path < ?1 || '0')`

class SqliteStore implements ChunkStore {
  readonly name = 'sqlite'
  readonly capabilities = { persistent: true, atomicMove: true, modTimes: true }
  readonly chunkSize = 256 * 1024
  readonly identity: string
  readonly #file: string
  #opened: DatabaseSync | undefined

  constructor(file: string) {
    this.#file = file
    this.identity = `sqlite:${file}`
  }

  find(path: string): StoredFile | undefined {
    return this.#all<StoredFile>('SELECT * FROM files WHERE path = ?', path)[0]
  }

  range(from: string, to: string, limit: number): StoredFile[] {
    const sql = 'SELECT * FROM files WHERE path >= ? AND path < ? ORDER BY path LIMIT ?'
    return this.#all<StoredFile>(sql, from, to, limit)
  }

  readChunk(revision: string, index: number): Uint8Array | undefined {
    const sql = 'SELECT bytes FROM chunks WHERE revision = ? AND number = ?'
    return this.#all<{ bytes: Uint8Array }>(sql, revision, index)[0]?.bytes
  }

  begin({ path, revision, owner, size, startedAt, chunkSize }: StoredUpload): void {
    const sql = `INSERT INTO uploads (path, revision, owner, size, startedAt, chunkSize)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
    this.#run(sql, path, revision, owner, size, startedAt, chunkSize)
  }

  uploads(path: string, beneath: boolean): StoredUpload[] {
    const where = `path = ?1 ${beneath ? `OR ${BENEATH}` : ''}`
    const sql = `SELECT * FROM uploads WHERE ${where} ORDER BY number DESC`
    return this.#all<StoredUpload>(sql, path === '/' ? '' : path)
  }

  take({ revision, owner }: StoredUpload, newOwner: string): StoredUpload | undefined {
    const sql = 'UPDATE uploads SET owner = ? WHERE revision = ? AND owner IN (?, ?1) RETURNING *'
    return this.#all<StoredUpload>(sql, newOwner, revision, owner)[0]
  }

  writeChunk(upload: StoredUpload, index: number, bytes: Uint8Array, size: number): boolean {
    return this.#transaction(() => {
      const mine = 'UPDATE uploads SET size = ? WHERE revision = ? AND owner = ?'
      if (this.#run(mine, size, upload.revision, upload.owner) === 0) return false
      this.#run('INSERT OR REPLACE INTO chunks VALUES (?, ?, ?)', upload.revision, index, bytes)
      return true
    })
  }

  publish({ revision, owner }: StoredUpload, file: StoredFile): boolean {
    return this.#transaction(() => {
      const mine = 'SELECT * FROM uploads WHERE revision = ? AND owner = ?'
      if (this.#all(mine, revision, owner).length === 0) return false
      this.#name(file)
      this.#run('DELETE FROM uploads WHERE revision = ?', revision)
      return true
    })
  }

  drop({ revision, owner }: StoredUpload): void {
    this.#run('DELETE FROM uploads WHERE revision = ? AND owner = ?', revision, owner)
  }

  put(file: StoredFile, bytes: Uint8Array): void {
    this.#transaction(() => {
      this.#name(file)
      this.#run('INSERT INTO chunks VALUES (?, 0, ?)', file.revision, bytes)
    })
  }

  move(source: string, destination: string, maxBytes: number): 'moved' | 'missing' | 'too-long' {
    return this.#transaction(() => {
      const what = this.find(source) ? 'path = ?1' : BENEATH
      const longest = `SELECT max(octet_length(path)) AS bytes FROM files WHERE ${what}`
      const bytes = this.#all<{ bytes: number | null }>(longest, source)[0]?.bytes ?? undefined
      if (bytes === undefined) return 'missing'
      const grown = Buffer.byteLength(destination) - Buffer.byteLength(source)
      if (bytes + grown > maxBytes) return 'too-long'
      this.#run(`DELETE FROM files WHERE ${what}`, destination)
      const renamed = 'UPDATE files SET path = ?2 || substr(path, length(?1) + 1)'
      this.#run(`${renamed} WHERE ${what}`, source, destination)
      return 'moved'
    })
  }

  remove(path: string): number {
    const from = (table: string): number =>
      this.#run(`DELETE FROM ${table} WHERE path = ?1 OR ${BENEATH}`, path)
    return this.#transaction(() => from('uploads') + from('files'))
  }

  close(): void {
    const opened = this.#opened
    this.#opened = undefined
    opened?.close()
  }

  #name({ path, revision, size, modTime, chunkSize, owner }: StoredFile): void {
    this.#run('DELETE FROM files WHERE path = ?', path)
    const sql = `INSERT INTO files (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`
    this.#run(sql, path, revision, size, modTime, chunkSize, owner)
  }

  /** Opened on first use. */
  get #database(): DatabaseSync {
    this.#opened ??= openDatabase(this.#file)
    return this.#opened
  }

  #all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#database.prepare(sql).all(...values) as T[]
  }

  /** Runs a statement and says how many rows it changed. */
  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes)
  }

  /** All of it or nothing, with the write lock from the start. */
  #transaction<T>(steps: () => T): T {
    const database = this.#database
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = steps()
      database.exec('COMMIT')
      return result
    } catch (error) {
      // Some failures have ended the transaction already.
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT })
  try {
    database.exec('PRAGMA synchronous = FULL')
    for (const end = Date.now() + BUSY_TIMEOUT; !switchToWal(database, end); ) sleep(5)
    database.exec(TABLES)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** SQLite does not apply `busy_timeout` to this statement: where another process makes the file, it fails at once. */
function switchToWal(database: DatabaseSync, end: number): boolean {
  try {
    database.exec('PRAGMA journal_mode = WAL')
    return true
  } catch (error) {
    const isBusy = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
    if (isBusy && Date.now() < end) return false
    throw error
  }
}

/** Blocks the thread, as SQLite itself does while it waits for a lock. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
