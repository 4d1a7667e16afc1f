// What a run says about its servers at the end.
import { allNotes, type Note } from './server.ts'

const words: Record<Note['state'], string> = {
  ran: 'ran',
  external: 'used',
  idle: 'not needed',
  missing: 'NOT RUN',
  failed: 'FAILED',
}

/** One line for each server that was started or looked for in this process, with the way to get a missing one. */
export function reportServers(): readonly string[] {
  const notes = allNotes()
  if (notes.length === 0) return []
  const lines = notes.map(({ state, kind, name, version, detail }) => {
    const what = [name, version, name === kind ? '' : `(${kind})`].filter(Boolean).join(' ')
    return `  ${words[state].padEnd(11)}${what}: ${detail.replaceAll('\n', '\n    ')}`
  })
  return ['test servers:', ...lines]
}
