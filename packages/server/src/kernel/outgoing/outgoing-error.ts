/** Why a request of ours to somebody else brought no answer. */
export type OutgoingReason =
  | 'bad_url'
  | 'internal_address'
  | 'redirect'
  | 'timeout'
  | 'too_large'
  | 'unreachable'

export class OutgoingError extends Error {
  override readonly name = 'OutgoingError'
  readonly reason: OutgoingReason

  constructor(reason: OutgoingReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
