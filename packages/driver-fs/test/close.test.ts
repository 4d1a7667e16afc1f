import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Recording, systemError, temporaryFolder } from './recording.ts'

const later = (): Date => new Date(Date.now() + 60_000)

async function write(recording: Recording, path: string): Promise<void> {
  const writer = await recording.driver().writer(path)
  await writer.write(Buffer.from('written'))
  await writer.commit()
}

describe('what closing a storage leaves in its directory', () => {
  it('is the files alone where no upload is unfinished', async () => {
    const recording = new Recording()
    await recording.driver().close()
    expect(existsSync(recording.root)).toBe(false)
    const storage = recording.driver()
    await storage.putContent('/a', 'x')
    await write(recording, '/b')
    await storage.close()
    expect(readdirSync(recording.root)).toEqual(['a', 'b'])
    await recording.driver().putContent('/a', 'opened again')
    await recording.driver().purgeUploads('/')
    expect(readdirSync(recording.root)).toEqual(['a', 'b'])
  })

  it('is unfinished uploads too, which continue', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    const held = await storage.writer('/held')
    await (await storage.writer('/idle')).close()
    await storage.close()
    await held.commit()
    const next = recording.driver()
    await (await next.writer('/idle', { append: true })).commit()
    await next.close()
    expect(readdirSync(recording.root)).toEqual(['held', 'idle'])
  })

  it('is not told as an error where it cannot be removed', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/a', 'x')
    recording.fault = ({ name }) => {
      if (name === 'rmdir' || name === 'lstat') throw systemError('EACCES')
      return undefined
    }
    await storage.close()
    expect(readdirSync(recording.root)).toEqual(['.stowage', 'a'])
  })

  it('is everything behind a link that stands in the place of staging', async () => {
    const recording = new Recording()
    const outside = temporaryFolder()
    mkdirSync(join(outside, 'uploads'))
    await recording.driver().putContent('/a', 'x')
    await recording.driver().close()
    symlinkSync(outside, join(recording.root, '.stowage'))
    const storage = recording.driver()
    await storage.stat('/a')
    await storage.close()
    expect(readdirSync(outside)).toEqual(['uploads'])
  })

  it('hinders nobody who writes meanwhile', async () => {
    const recording = new Recording()
    let isOver = false
    const closing = (async () => {
      while (!isOver) {
        await recording.driver().close()
        await recording.driver().purgeUploads('/', { olderThan: later() })
      }
    })()
    const work = Array.from({ length: 200 }, async (_, i) => {
      await recording.driver({ durability: 'none' }).putContent(`/p${i}`, 'x')
      await write(recording, `/w${i}`)
    })
    await Promise.all(work).finally(() => {
      isOver = true
    })
    await closing
    await recording.driver().close()
    expect(readdirSync(recording.root)).toHaveLength(400)
  })
})
