type CookieNames = {
  /** Opens the page to whoever has it. */
  session: string
  /** Says that this browser signed in under a name before, and opens nothing. */
  device: string
  /** Says that this browser is away at a sign-in provider, and opens nothing. */
  trip: string
}

const plain: CookieNames = {
  session: 'keelson_session',
  device: 'keelson_device',
  trip: 'keelson_trip',
}
/** A browser takes `__Host-` from this very host over https alone: nobody else can plant one. */
const overHttps: CookieNames = {
  session: `__Host-${plain.session}`,
  device: `__Host-${plain.device}`,
  trip: `__Host-${plain.trip}`,
}

export const cookieNames = (isSecure: boolean): CookieNames => (isSecure ? overHttps : plain)

const ownNames: ReadonlySet<string> = new Set(
  [plain, overHttps].flatMap((names) => Object.values(names)),
)
export const isOwnCookie = (name: string): boolean => ownNames.has(name)

/** Every name of ours has it, so that what cannot have one is found at once. */
export const inOwnCookies = 'keelson_'
