// Tries one saboteur by its id in a process of its own, and prints what was found. What no test runner lets pass, a rejection
// that nobody handles, is proven so.
import { runFaults } from '@stowage/testsuite'
import { faultOptions } from './options.ts'
import { faultSaboteurs } from './saboteurs.ts'
import { ObjectStore } from './store.ts'

const saboteur = faultSaboteurs.find(({ id }) => id === process.argv[2])
if (saboteur === undefined) throw new Error(`there is no saboteur ${process.argv[2]}`)
const store = await ObjectStore.start()
const options = { ...faultOptions(store, saboteur), size: 'full', only: saboteur.found } as const
const { operations } = await runFaults(options)
console.log(operations.flatMap(({ failures }) => failures.map(({ point }) => point)).join('\n'))
await store.stop()
