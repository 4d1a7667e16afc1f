/** What the command's exit code says. Scripts may rely on these numbers. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  config: 4,
  partial: 5,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The table for `--help`. */
export const EXIT_CODES: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.ok, 'done; `| head` may end a command that only shows something'],
  [EXIT.failed, 'failed; nothing more precise fits'],
  [EXIT.usage, 'wrong arguments, or a path that cannot be'],
  [EXIT.notFound, 'nothing is at the path'],
  [EXIT.config, 'no permission, wrong credentials, configuration or driver'],
  [EXIT.partial, 'some files failed, or differences or failed cases were found'],
  [EXIT.interrupted, 'interrupted (Ctrl-C); run it again to go on'],
  [EXIT.terminated, 'terminated (SIGTERM); run it again to go on'],
]
