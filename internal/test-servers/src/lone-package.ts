// A package without what it only needs later: for tests of what an import costs, and of what it says is missing.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']

/** A copy of a package's sources in a temporary folder, in which nothing is installed but what is asked for. */
export class LonePackage implements AsyncDisposable {
  readonly #from: URL
  readonly #folder: string

  private constructor(from: URL, folder: string) {
    this.#from = from
    this.#folder = folder
  }

  /** Copies the package whose folder has this URL, which ends in a slash; it gets what it needs of ours. */
  static async of(from: URL): Promise<LonePackage> {
    const folder = await mkdtemp(join(tmpdir(), 'stowage-lone-'))
    for (const name of ['src', 'package.json']) {
      await cp(fileURLToPath(new URL(name, from)), join(folder, name), { recursive: true })
    }
    const copy = new LonePackage(from, folder)
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    for (const name of Object.keys(manifest.dependencies)) {
      if (name.startsWith('@stowage/')) await copy.install(name)
    }
    return copy
  }

  /** Makes a dependency of the package one of the copy. */
  async install(name: string): Promise<void> {
    const link = join(this.#folder, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    const installed = fileURLToPath(new URL(`node_modules/${name}`, this.#from))
    await symlink(installed, link, 'junction')
  }

  /**
   * What a program prints that runs in the copy.
   *
   * @throws Error when it does not end with status 0.
   */
  async run(program: string): Promise<string> {
    const args = [...FLAGS, '--input-type=module', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: this.#folder })
    return stdout.trim()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}
