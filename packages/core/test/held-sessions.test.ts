import { HeldSessions } from '../src/driver.ts'

/** Instances of a driver on one storage, which no other test uses. */
function instances(storage: string): [HeldSessions, HeldSessions] {
  return [new HeldSessions(storage), new HeldSessions(storage)]
}

describe('sessions that writers hold', () => {
  it('are known to all instances of a storage, and to no other storage', () => {
    const [one, other] = instances('known')
    const session = one.hold('/a', 'key')
    expect([one.has('key'), other.has('key')]).toEqual([true, true])
    expect(new HeldSessions('another').has('key')).toBe(false)
    session.release()
    expect([one.has('key'), other.has('key')]).toEqual([false, false])
  })

  it('are ended by a delete of the path or of one above, and no others', async () => {
    const [one, other] = instances('ended')
    const paths = ['/a', '/a/b', '/a/b/c', '/ab', '/b']
    const sessions = paths.map((path) => one.hold(path, `of ${path}`))
    expect(await other.removeBeneath('/a')).toBe(3)
    expect(sessions.map(({ removed }) => removed)).toEqual([true, true, true, false, false])
    expect(paths.map((path) => other.has(`of ${path}`))).toEqual([false, false, false, true, true])
    expect(await other.removeBeneath('/a')).toBe(0)
  })

  it('are known by the key that the service gives late, once the request for it is over', async () => {
    const [one, other] = instances('renamed')
    const session = one.hold('/a/b', 'for now')
    const { promise, resolve } = Promise.withResolvers<string>()
    const renamed = session.track(promise.then((key) => session.rename(key)))
    const waiting = other.settled('/a').then(() => other.has('given'))
    resolve('given')
    expect(await waiting).toBe(true)
    await renamed
    expect([session.key, other.has('for now')]).toEqual(['given', false])
    await other.settled('/elsewhere')
    session.release()
    expect(other.has('given')).toBe(false)
  })

  it.each(['is done', 'fails'])('are waited for while a request %s', async (how) => {
    const [one, other] = instances(`waits ${how}`)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const told = one.hold('/a', 'key').track(promise)
    const events: string[] = []
    const removed = other.removeBeneath('/a').then(() => events.push('removed'))
    await new Promise((next) => setImmediate(next))
    events.push('request')
    if (how === 'fails') reject(new Error('made up'))
    else resolve(7)
    await removed
    expect(events).toEqual(['request', 'removed'])
    await (how === 'fails'
      ? expect(told).rejects.toThrow('made up')
      : expect(told).resolves.toBe(7))
  })
})
