type CookieNames = {
  /** Opens the page to whoever has it. */
  session: string
  /** Says that this browser signed in under a name before, and opens nothing. */
  device: string
}

const plain: CookieNames = { session: 'keelson_session', device: 'keelson_device' }
/** A browser takes `__Host-` from this very host over https alone: nobody else can plant one. */
const overHttps: CookieNames = {
  session: `__Host-${plain.session}`,
  device: `__Host-${plain.device}`,
}

export const cookieNames = (isSecure: boolean): CookieNames => (isSecure ? overHttps : plain)

const ownNames: ReadonlySet<string> = new Set(
  [plain, overHttps].flatMap(({ session, device }) => [session, device]),
)
export const isOwnCookie = (name: string): boolean => ownNames.has(name)

/** Every name of ours has it, so that what cannot have one is found at once. */
export const inOwnCookies = 'keelson_'
