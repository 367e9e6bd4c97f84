/** The token endpoint said no, as RFC 6749 says it: `invalid_grant`, `authorization_pending` … */
export class OAuthError extends Error {
  readonly code: string
  constructor(code: string, description: string) {
    super(description)
    this.name = 'OAuthError'
    this.code = code
  }
}

/** Sends a form and reads its JSON answer. Throws OAuthError, and what `fetch` throws. */
export const postForm = async (
  url: string,
  form: Readonly<Record<string, string>>,
  send: typeof fetch = fetch,
  signal?: AbortSignal,
): Promise<Record<string, unknown>> => {
  const response = await send(url, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(form),
    ...(signal === undefined ? {} : { signal }),
  })
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (response.ok) return answer
  const { error, error_description: description } = answer
  throw new OAuthError(
    typeof error === 'string' ? error : 'server_error',
    typeof description === 'string' ? description : `${url} answered ${response.status}`,
  )
}
