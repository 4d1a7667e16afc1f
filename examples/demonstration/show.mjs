// How the demonstration shows what it does: plain lines, and a bar where stdout is a terminal.

const WIDTH = 30
/** Milliseconds between two drawings of a bar. */
const PACE = 50
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB']

export function say(text) {
  process.stdout.write(`${text}\n`)
}

/** A line about the step under way. */
export function tell(text) {
  say(`   ${text}`)
}

export function step(number, title) {
  const bold = process.stdout.isTTY ? ['\u001b[1m', '\u001b[22m'] : ['', '']
  say(`\n${bold[0]}${number}. ${title}${bold[1]}`)
}

export function bytes(count) {
  const unit = count < 1024 ? 0 : count < 1024 ** 2 ? 1 : count < 1024 ** 3 ? 2 : 3
  return `${(count / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${UNITS[unit]}`
}

export function duration(milliseconds) {
  return milliseconds < 100
    ? `${Math.ceil(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`
}

export function rate(count, milliseconds) {
  return `${bytes((count * 1000) / milliseconds)}/s`
}

/** A progress bar on a terminal; elsewhere nothing, since the lines after it say how it went. */
export class Bar {
  #total
  #label
  #at = 0
  #drawn = 0

  constructor(total, label) {
    this.#total = total
    this.#label = label
  }

  add(count) {
    this.to(this.#at + count)
  }

  to(at) {
    this.#at = at
    if (performance.now() - this.#drawn < PACE) return
    this.#draw()
  }

  /** Takes the bar away, to say something. */
  pause() {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  }

  end() {
    this.pause()
  }

  #draw() {
    if (!process.stdout.isTTY) return
    this.#drawn = performance.now()
    const done = Math.min(1, this.#at / Math.max(1, this.#total))
    const full = Math.round(done * WIDTH)
    const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full)
    const percent = String(Math.floor(done * 100)).padStart(3)
    process.stdout.write(`\r   ${bar} ${percent}%  ${bytes(this.#at)} ${this.#label}\u001b[K`)
  }
}
