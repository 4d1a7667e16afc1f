import type { Command, OptionValues } from 'commander'
import type { Context } from './context.ts'

/** What a command does. The result is its exit code; nothing means 0. */
type Run<O extends OptionValues = OptionValues> = (
  context: Context,
  args: readonly string[],
  options: O,
) => Promise<number | undefined> | Promise<void>

/** Turns what a command does into commander's action, with the context made from the options. */
export type Bind = <O extends OptionValues>(run: Run<O>) => (...all: unknown[]) => Promise<void>

/** A command adds itself to the program. */
export type Add = (program: Command, bind: Bind) => void

/** The part of a help text that shows how a command is used. */
export function examples(...lines: readonly (readonly [command: string, what?: string])[]): string {
  const shown = lines.map(([command, what]) =>
    what === undefined ? `  ${command}` : `  # ${what}\n  ${command}`,
  )
  return `\nExamples:\n${shown.join('\n')}\n`
}
