import type { Case } from './case.ts'
import { abort } from './cases/abort.ts'
import { abortWriter } from './cases/abort-writer.ts'
import { capabilities } from './cases/capabilities.ts'
import { closed } from './cases/closed.ts'
import { content } from './cases/content.ts'
import { remove } from './cases/delete.ts'
import { diagnostics } from './cases/diagnostics.ts'
import { errors } from './cases/errors.ts'
import { fileAndDirectory } from './cases/file-and-directory.ts'
import { isolation } from './cases/isolation.ts'
import { leaks } from './cases/leaks.ts'
import { list } from './cases/list.ts'
import { modTimes } from './cases/mod-times.ts'
import { move } from './cases/move.ts'
import { names } from './cases/names.ts'
import { paths } from './cases/paths.ts'
import { killed } from './cases/process.ts'
import { reader } from './cases/reader.ts'
import { redirect } from './cases/redirect.ts'
import { revisions } from './cases/revisions.ts'
import { scale } from './cases/scale.ts'
import { sessions } from './cases/sessions.ts'
import { stat } from './cases/stat.ts'
import { uploads } from './cases/uploads.ts'
import { visibility } from './cases/visibility.ts'
import { walk } from './cases/walk.ts'
import { walkResume } from './cases/walk-resume.ts'
import { writer } from './cases/writer.ts'
import { writerResume } from './cases/writer-resume.ts'
import { writerStates } from './cases/writer-states.ts'
import type { CaseInfo } from './options.ts'

export const allCases: readonly Case[] = [
  ...capabilities,
  ...paths,
  ...names,
  ...content,
  ...reader,
  ...revisions,
  ...writer,
  ...writerStates,
  ...visibility,
  ...writerResume,
  ...sessions,
  ...uploads,
  ...stat,
  ...modTimes,
  ...list,
  ...walk,
  ...walkResume,
  ...fileAndDirectory,
  ...move,
  ...remove,
  ...redirect,
  ...errors,
  ...abort,
  ...abortWriter,
  ...diagnostics,
  ...isolation,
  ...closed,
  ...killed,
  ...leaks,
  ...scale,
]

/** What is known of every case: its id, its area, the rule it proves, and what it needs. */
export const suiteCases: readonly CaseInfo[] = allCases.map(
  ({ id, area, title, original, needs, unless, size, child }) => ({
    id,
    area,
    title,
    original,
    needs,
    unless,
    size,
    child,
  }),
)
