/** Words in the name of a parameter or query value that must not be shown. */
const SECRET_NAME =
  /secret|passw|pwd|token|credential|accountkey|accesskey(?!id)|account_?key|access_?key(?!_?id)|private_?key|sig(nature)?$|^sas|connection_?string|keyfile/i

/** Shorter values would black out ordinary words. */
const SHORTEST = 4
/** Of a variable, whose name says less: `TOKEN_CACHE=true` is no secret. */
const SHORTEST_VARIABLE = 8

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
    const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*?:([^/?#]*)@/i.exec(text)?.[1]
    if (password !== undefined) this.#addEncoded(password)
    for (const [, name = '', value = ''] of text.matchAll(/[?&]([^=&#]+)=([^&#]*)/g)) {
      if (SECRET_NAME.test(name)) this.#addEncoded(value)
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
      .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*):[^\s/?#@]*@/gi, '$1:***@')
      .replace(/([?&])([^=&#\s]+)=([^&#\s'"]*)/g, (all, mark, name) =>
        SECRET_NAME.test(name) ? `${mark}${name}=***` : all,
      )
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
