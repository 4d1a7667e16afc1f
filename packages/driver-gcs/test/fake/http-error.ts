/** An answer that says no. */
export class HttpError extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, message: string, reason: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}
