const IN_PROCESS =
  'needs another process, and saboteurs live in one; the cases of the same name that use a second instance find what they can'
const FULL = 'runs in full size only'

/** Why a case of the suite finds no saboteur. A case that does find one must not be here. */
export const reasons: Readonly<Record<string, string>> = {
  'reader-far-offsets': FULL,
  'scale-ten-thousand': FULL,
  'scale-five-gibibytes': FULL,
  'process-continues': IN_PROCESS,
  'process-killed-writing': IN_PROCESS,
  'process-killed-early': IN_PROCESS,
  'process-killed-continuing': IN_PROCESS,
  'process-killed-putting': IN_PROCESS,
  'process-killed-committing': IN_PROCESS,
  'process-killed-moving': IN_PROCESS,
  'process-killed-moving-directory': IN_PROCESS,
  'process-held-elsewhere': IN_PROCESS,
  'process-purge': IN_PROCESS,
  'scale-unfinished': IN_PROCESS,
}
