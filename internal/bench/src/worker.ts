// A measured process: opens one subject and does what it is told, one task at a time.
//   node worker.ts <module in subjects/> <config as JSON>
import { createInterface } from 'node:readline'
import { type Config, OPERATIONS, type Reply, type Task } from './protocol.ts'
import type { SubjectModule } from './subject.ts'
import { run } from './tasks.ts'

const [name = '', config = '{}'] = process.argv.slice(2)

function say(reply: Reply): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}

function describe(error: unknown): string {
  const { stack, message } = error as Partial<Error>
  return stack ?? message ?? String(error)
}

try {
  const module = (await import(`./subjects/${name}.ts`)) as SubjectModule
  const subject = await module.open(JSON.parse(config) as Config)
  say({ ready: OPERATIONS.filter((operation) => subject[operation] !== undefined) })
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say({ result: await run(subject, JSON.parse(line) as Task) })
    } catch (error) {
      say({ error: describe(error) })
    }
  }
} catch (error) {
  say({ error: describe(error) })
}
process.exit()
