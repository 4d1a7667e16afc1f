import type { Runner } from '@stowage/testsuite'

/** A runner that keeps the tests instead of running them. */
export function collected(register: (runner: Runner) => void): (() => Promise<void>)[] {
  const bodies: (() => Promise<void>)[] = []
  const it = Object.assign((_name: string, body: () => Promise<void>) => void bodies.push(body), {
    skip: () => {},
  })
  register({ describe: (_name, body) => body(), it })
  return bodies
}

/** The messages of the tests that fail. */
export async function failures(bodies: readonly (() => Promise<void>)[]): Promise<string[]> {
  const messages: string[] = []
  for (const body of bodies) {
    await body().catch((error: unknown) => messages.push((error as Error).message))
  }
  return messages
}
