import { backendsOf } from './backends.ts'
import { goProgram } from './go.ts'
import { measure, type Row } from './measure.ts'
import { type BenchOptions, HELP, parseOptions } from './options.ts'

const log = (text: string): void => console.error(`bench: ${text}`)

async function run(options: BenchOptions): Promise<void> {
  const go = goProgram()
  const rows: Row[] = []
  for (const name of options.backends) {
    for (const start of backendsOf(name, options, go)) {
      const backend = await start()
      try {
        rows.push(...(await measure(backend, options, log)))
      } finally {
        await backend.stop()
      }
    }
  }
}

const options = parseOptions(process.argv.slice(2))
if (options) await run(options)
else console.log(HELP)
