import { checkHistory, type HistoryRules } from '../src/history/check.ts'
import type { Event, Outcome, Step } from '../src/history/step.ts'

const rules: HistoryRules = { files: ['/a', '/d/x', '/e/x'], atomicMove: true, lateReads: false }
const done: Outcome = { done: true }

const put = (path: string, value: number): Step => ({ kind: 'put', path, value })
const get = (path: string): Step => ({ kind: 'get', path })

/** A call from one instant to another. */
function event(from: number, to: number, step: Step, outcome: Outcome = done): Event {
  return { client: from % 3, step, call: from * 1e6, return: to * 1e6, outcome }
}

describe('a history is explained', () => {
  it.each<[string, Event[]]>([
    [
      'where a read meets a write and sees either',
      [
        event(0, 1, put('/a', 1)),
        event(2, 6, put('/a', 2)),
        event(3, 4, get('/a'), { value: 2 }),
        event(5, 7, get('/a'), { value: 2 }),
      ],
    ],
    [
      'where two writes meet and the first to return is the last',
      [event(0, 5, put('/a', 1)), event(1, 2, put('/a', 2)), event(6, 7, get('/a'), { value: 1 })],
    ],
    [
      'where a list sees two files of different instants',
      [
        event(0, 1, put('/d/x', 1)),
        event(2, 9, { kind: 'walk', path: '/d' }, { error: 'PATH_NOT_FOUND' }),
        event(3, 4, { kind: 'delete', path: '/d/x' }),
        event(5, 6, put('/d/x', 2)),
      ],
    ],
    [
      'where a delete takes the session of a writer',
      [
        event(
          0,
          9,
          { kind: 'writer', path: '/d/x', value: 1, pieces: 1, end: 'commit' },
          { error: 'UPLOAD_NOT_FOUND' },
        ),
        event(1, 2, { kind: 'delete', path: '/d' }),
      ],
    ],
  ])('%s', (_, events) => {
    expect(checkHistory(events, rules)).toBeUndefined()
  })
})

describe('a history is refused', () => {
  it.each<[string, Event[]]>([
    [
      'that goes back to an old value',
      [
        event(0, 1, put('/a', 1)),
        event(2, 8, put('/a', 2)),
        event(3, 4, get('/a'), { value: 2 }),
        event(5, 6, get('/a'), { value: 1 }),
      ],
    ],
    [
      'that reads what is not written yet',
      [event(0, 1, get('/a'), { value: 1 }), event(2, 3, put('/a', 1))],
    ],
    [
      'that misses a file while it is replaced',
      [
        event(0, 1, put('/a', 1)),
        event(2, 6, put('/a', 2)),
        event(3, 4, get('/a'), { error: 'PATH_NOT_FOUND' }),
      ],
    ],
    [
      'that sees both names of one step',
      [
        event(0, 1, put('/d/x', 1)),
        event(2, 8, { kind: 'move', path: '/d/x', destination: '/e/x' }),
        event(3, 4, get('/e/x'), { value: 1 }),
        event(5, 6, get('/d/x'), { value: 1 }),
      ],
    ],
    [
      'that walks in another order',
      [
        event(0, 1, put('/d/x', 1)),
        event(
          2,
          3,
          { kind: 'walk', path: '/d' },
          {
            entries: [
              { key: '/d/y', value: 2 },
              { key: '/d/x', value: 1 },
            ],
          },
        ),
      ],
    ],
    ['with an error that nobody can explain', [event(0, 1, put('/a', 1), { error: 'DRIVER' })]],
    ['with torn content', [event(0, 1, get('/a'), { wrong: 'torn' })]],
  ])('%s', (_, events) => {
    expect(checkHistory(events, rules)).toMatch(/client \d/)
  })

  it('in the fewest calls that show it', () => {
    const noise = Array.from({ length: 20 }, (_, i) => event(i, i + 0.5, put('/e/x', 10 + i)))
    const events = [...noise, event(30, 31, put('/a', 1)), event(32, 33, get('/a'), { value: 9 })]
    const told = checkHistory(events, rules) ?? ''
    expect(told).toContain("no order explains getContent('/a')")
    expect(told.split('\n').length).toBeLessThan(6)
  })

  it('but for both names of a move that is no single step', () => {
    const events = [
      event(0, 1, put('/d/x', 1)),
      event(2, 8, { kind: 'move', path: '/d/x', destination: '/e/x' }),
      event(3, 4, get('/e/x'), { value: 1 }),
      event(5, 6, get('/d/x'), { value: 1 }),
    ]
    expect(checkHistory(events, { ...rules, atomicMove: false })).toBeUndefined()
    const neither = [
      ...events.slice(0, 2),
      event(3, 4, get('/d/x'), { error: 'PATH_NOT_FOUND' }),
      event(5, 6, get('/e/x'), { error: 'PATH_NOT_FOUND' }),
    ]
    expect(checkHistory(neither, { ...rules, atomicMove: false })).toMatch(/no order/)
  })
})
