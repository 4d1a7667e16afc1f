/** Words in the name of a parameter or query value that must not be shown. */
const SECRET_NAME =
  /secret|passw|pwd|token|credential|accountkey|accesskey(?!id)|account_?key|access_?key(?!_?id)|private_?key|sig(nature)?$|^sas|connection_?string|keyfile/i

/** Shorter values would black out ordinary words. */
const SHORTEST = 4
/** Of a variable, whose name says less: `TOKEN_CACHE=true` is no secret. */
const SHORTEST_VARIABLE = 8

const LONGEST_NAME = 64
// Each starts at one place only, and looks at a bounded name: a long text takes no longer than its length.
const USER = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#@:]{0,256}):[^\s/?#@]{0,4096}@/gi
const PAIR = /([?&])([^=&#?\s]{1,64})=([^&#\s'"]*)/g

/** Keeps what is secret out of everything the command prints. */
export class Redactor {
  readonly #secrets = new Set<string>()

  /** Notes the secret values of parameters, at any depth. */
  learn(parameters: unknown): void {
    if (typeof parameters !== 'object' || parameters === null) return
    for (const [name, value] of Object.entries(parameters)) {
      if (typeof value === 'object') this.learn(value)
      else if (SECRET_NAME.test(name)) this.#addEncoded(String(value))
    }
  }

  /** Notes the password and the secret query values of a URL, as written and decoded. */
  learnURL(text: string): void {
    const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text) ?? []
    const user = authority.slice(0, Math.max(0, authority.lastIndexOf('@')))
    if (user.includes(':')) this.#addEncoded(user.slice(user.indexOf(':') + 1))
    const [, query = ''] = /\?([^#]*)/.exec(text) ?? []
    for (const pair of query.split(/[?&]/)) {
      const [name = '', ...value] = pair.split('=')
      if (SECRET_NAME.test(name.slice(0, LONGEST_NAME))) this.#addEncoded(value.join('='))
    }
  }

  /** Notes the secrets of an environment, which SDKs read by themselves. */
  learnEnvironment(env: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value = ''] of Object.entries(env)) {
      if (SECRET_NAME.test(name) && value.length >= SHORTEST_VARIABLE) this.#addEncoded(value)
    }
  }

  /** The text without any secret that is known or has the look of one. */
  redact(text: string): string {
    let clean = text
    // The longest first: one secret may be part of another.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length)) {
      clean = clean.replaceAll(secret, '***')
    }
    return clean
      .replace(USER, '$1:***@')
      .replace(PAIR, (all, mark, name) => (SECRET_NAME.test(name) ? `${mark}${name}=***` : all))
  }

  #addEncoded(value: string): void {
    this.#add(value)
    if (value.isWellFormed()) this.#add(encodeURIComponent(value))
    try {
      this.#add(decodeURIComponent(value))
    } catch {
      // Not percent-encoded: it is noted as it was written.
    }
  }

  #add(value: string): void {
    if (value.length >= SHORTEST) this.#secrets.add(value)
  }
}
