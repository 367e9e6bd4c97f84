/** Where something is told to connect to. What a template hides is undefined. */
export type Address = {
  scheme: string | undefined
  host: string | undefined
  port: number | undefined
  path: string | undefined
}

/** The value of a variable in the environment of whoever reads the file; undefined: not known. */
export type Lookup = (name: string) => string | undefined

const addressLengthMax = 2000
const parts =
  /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:[^/?#\s]*@)?(\[[0-9a-f:.]+\]|[^/:?#\s@[\]]*)(?::([^/?#\s]*))?(\/[^?#\s]*)?/i

/**
 * `http://user:word@host:80/path`, `host:80`, `:80`, `tcp://host`. Undefined when there is nothing
 * like an address in it.
 */
export const readAddress = (text: string): Address | undefined => {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > addressLengthMax) return undefined
  const match = parts.exec(trimmed)
  if (match === null) return undefined
  const [, scheme, name = '', port, path] = match
  const host = isHost(name) ? name.toLowerCase() : undefined
  const number = port !== undefined && /^\d{1,5}$/.test(port) ? Number(port) : undefined
  return { scheme: scheme?.toLowerCase(), host, port: number, path }
}

const isHost = (name: string): boolean =>
  /^\[[0-9a-f:.]+\]$/i.test(name) || (/^[a-z0-9_]/i.test(name) && /^[\w.-]+$/.test(name))

const reference =
  /\$\{(?:env:)?([A-Za-z_]\w*)(?::?-([^${}]*))?\}|\$\((\w+)\)|\{\$([A-Za-z_]\w*)(?::([^{}]*))?\}|\$([A-Z_][A-Z0-9_]*)(?![\w(])/g

/** What stands for something that is not known; no host or port reads so. */
export const unknownText = '\u0000'

/**
 * The text with what is known of its variables put in: `${X}`, `${env:X}`, `${X:-default}`,
 * `{$X}` (Caddy), `$X` in capitals.
 */
export const fillIn = (text: string, lookup: Lookup): string =>
  text.replace(reference, (_all, braced, fallback, round, caddy, caddyFallback, bare) => {
    const name = String(braced ?? round ?? caddy ?? bare)
    return lookup(name) ?? fallback ?? caddyFallback ?? unknownText
  })

export const isTemplated = (text: string): boolean => {
  reference.lastIndex = 0
  return reference.test(text)
}
