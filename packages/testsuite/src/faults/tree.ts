import assert from 'node:assert/strict'
import type { StorageDriver } from '@stowage/core'
import { byteOrder, paths } from '../context.ts'
import { Data } from '../data.ts'

/** All that is visible: which of the known contents is at which path. */
export type Tree = Readonly<Record<string, string>>

/** Contents by their names, each made once: the same name and size are the same bytes, in any process. */
export class Contents {
  readonly #seed: number
  readonly #known = new Map<string, Buffer>()

  constructor(seed: number) {
    this.#seed = seed
  }

  get(name: string, size: number): Buffer {
    const known = this.#known.get(name)
    if (known?.length === size) return known
    const made = new Data(this.#seed, `fault ${name}`, size).bytes()
    this.#known.set(name, made)
    return made
  }

  /** The name of these bytes, or undefined where they are not one of the contents as a whole. */
  nameOf(bytes: Uint8Array): string | undefined {
    for (const [name, known] of this.#known) {
      if (known.length === bytes.length && Buffer.compare(known, bytes) === 0) return name
    }
    return undefined
  }
}

/**
 * Looks at everything by way of that instance. Each file must hold one of the known contents, whole, and
 * size, list and walk must say the same.
 */
export async function treeOf(driver: StorageDriver, contents: Contents): Promise<Tree> {
  const tree: Record<string, string> = {}
  for (const { path, size, isDir } of await paths(driver.walk('/'))) {
    if (isDir) continue
    assert.ok(!(path in tree), `the walk names ${path} twice`)
    const bytes = await driver.getContent(path)
    const name = contents.nameOf(bytes)
    assert.ok(name, `${path} holds ${bytes.length} bytes that nobody has stored as a whole`)
    assert.equal(size, bytes.length, `the size that the walk gives for ${path}`)
    tree[path] = name
  }
  const top = await paths(driver.list('/'))
  const expected = [...new Set(Object.keys(tree).map((path) => `/${path.split('/')[1]}`))]
  assert.deepEqual(top.toSorted(byteOrder), expected.toSorted(byteOrder), 'what list gives for /')
  return tree
}

/** A tree as a line for messages, and for comparisons. */
export function line(tree: Tree): string {
  const files = Object.keys(tree).toSorted(byteOrder)
  return files.map((path) => `${path}=${tree[path]}`).join(' ') || '(nothing)'
}
