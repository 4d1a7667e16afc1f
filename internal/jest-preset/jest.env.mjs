// Jest runs tests in a vm context with its own Error, Date, Array ..., so what Node itself creates
// (errors of node:fs, the Date of a stat) would not be `instanceof` them (jest issue 2549).
// This environment lets the context's built-ins recognise Node's.
import { TestEnvironment } from 'jest-environment-node'

const NAMES = [
  'Error',
  'AggregateError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'Array',
  'Date',
  'Map',
  'Object',
  'Promise',
  'RegExp',
  'Set',
]

const ordinary = Function.prototype[Symbol.hasInstance]

export default class extends TestEnvironment {
  async setup() {
    await super.setup()
    for (const name of NAMES) {
      const inner = this.global[name]
      const outer = globalThis[name]
      if (inner === outer) continue
      Object.defineProperty(inner, Symbol.hasInstance, {
        configurable: true,
        value(candidate) {
          // Subclasses inherit this method and keep their own answer.
          if (ordinary.call(this, candidate)) return true
          return this === inner && ordinary.call(outer, candidate)
        },
      })
    }
  }
}
