import { readVersion } from './version.ts'

/** By which the platform tells commands from other programs: in the audit, and to who approves one. */
const userAgent = `keelson-cli/${readVersion()}`

export const ownHeaders = { 'user-agent': userAgent }

/** `fetch` as this command. */
export const ownFetch: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  headers.set('user-agent', userAgent)
  return fetch(input, { ...init, headers })
}
