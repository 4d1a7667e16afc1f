import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, test } from '@jest/globals'
import { create } from '@stowage/core'
import 'stowage-driver-sqlite'

const folder = mkdtempSync(join(tmpdir(), 'stowage-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Says that it has the lock, and gives it back a little later. SQLite blocks the thread that waits for it. */
const HOLDER = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(workerData.file)
  database.exec(workerData.sql)
  parentPort.postMessage('held')
  setTimeout(() => { database.exec('COMMIT'); database.close() }, 300)`

// What a process does to a file that others open at the same moment.
const MOMENTS = {
  'makes the tables of a new file': 'BEGIN IMMEDIATE; CREATE TABLE other (x)',
  'has a new file for itself': 'BEGIN EXCLUSIVE; CREATE TABLE other (x)',
  'writes to a file in WAL mode without tables': 'PRAGMA journal_mode = WAL; BEGIN IMMEDIATE',
  'closes the last connection': `PRAGMA journal_mode = WAL; PRAGMA locking_mode = EXCLUSIVE;
    BEGIN EXCLUSIVE; CREATE TABLE other (x)`,
}

test.each(Object.entries(MOMENTS))('waits while another process %s', async (moment, sql) => {
  const file = join(folder, `${moment}.db`)
  const holder = new Worker(HOLDER, { eval: true, workerData: { file, sql } })
  const ended = new Promise((resolve) => holder.once('exit', resolve))
  await new Promise((resolve) => holder.once('message', resolve))
  const driver = await create('sqlite', { file })
  await driver.putContent('/a', Buffer.from('content'))
  expect(Buffer.from(await driver.getContent('/a')).toString()).toBe('content')
  await driver.close()
  await ended
})

test('a file that could not be opened is opened at the next call', async () => {
  const file = join(folder, 'damaged.db')
  writeFileSync(file, 'not a database, and long enough for a header '.repeat(20))
  const driver = await create('sqlite', { file })
  await expect(driver.stat('/a')).rejects.toThrow('file is not a database')
  rmSync(file)
  await driver.putContent('/a', Buffer.from('content'))
  await driver.close()
  const database = new DatabaseSync(file)
  expect(database.prepare('SELECT path FROM files').all()).toEqual([{ path: '/a' }])
  database.close()
})
