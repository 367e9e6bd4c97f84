/** Error codes of RFC 6749 5.2, RFC 8628 3.5 and RFC 8707 2, with their status. */
const statuses = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  authorization_pending: 400,
  slow_down: 400,
  access_denied: 400,
  expired_token: 400,
  temporarily_unavailable: 503,
  server_error: 500,
} as const

export type OAuthCode = keyof typeof statuses

/** What `/oauth/…` answers instead of a problem; the description is for the program's developer. */
export class OAuthError extends Error {
  readonly code: OAuthCode
  readonly status: number

  constructor(code: OAuthCode, description: string) {
    super(description)
    this.name = 'OAuthError'
    this.code = code
    this.status = statuses[code]
  }
}
