/** The host of a request or of a route, taken apart. */
export type HostParts = {
  /** Lower case, without brackets of IPv6 and the final dot. */
  name: string
  /** Null when it names none. */
  port: number | null
}

/** Takes a Host header or a route's host apart: `shop.example:8080`, `[::1]:80`, `*.example`. */
export const splitHost = (host: string): HostParts => {
  const bracket = host.charCodeAt(0) === 0x5b ? host.indexOf(']') : -1
  const colon = host.indexOf(':', bracket + 1)
  if (colon === -1) return { name: nameOf(host), port: null }
  // More than one colon without brackets is an IPv6 address, and has no port.
  if (bracket === -1 && host.includes(':', colon + 1)) return { name: nameOf(host), port: null }
  return { name: nameOf(host.slice(0, colon)), port: portOf(host, colon + 1) }
}

const portOf = (host: string, start: number): number | null => {
  let port = 0
  if (start === host.length) return null
  for (let at = start; at < host.length; at += 1) {
    const digit = host.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return null
    port = port * 10 + digit
    if (port > 65_535) return null
  }
  return port
}

const nameOf = (host: string): string => {
  const start = host.charCodeAt(0) === 0x5b ? 1 : 0
  let end = host.length
  if (start === 1 && host.charCodeAt(end - 1) === 0x5d) end -= 1
  else if (host.charCodeAt(end - 1) === 0x2e) end -= 1
  const name = start === 0 && end === host.length ? host : host.slice(start, end)
  return isLower(name) ? name : name.toLowerCase()
}

const isLower = (text: string): boolean => {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if ((code >= 0x41 && code <= 0x5a) || code > 0x7f) return false
  }
  return true
}

/** A host or SNI that a route takes. `*` stands for anything in front or behind. */
export type NamePattern = {
  kind: 'exact' | 'suffix' | 'prefix'
  /** Without the asterisk: `.example.com` of `*.example.com`. */
  text: string
  port: number | null
}

export const namePattern = (source: string): NamePattern => {
  const { name, port } = splitHost(source)
  if (name.startsWith('*')) return { kind: 'suffix', text: name.slice(1), port }
  if (name.endsWith('*')) return { kind: 'prefix', text: name.slice(0, -1), port }
  return { kind: 'exact', text: name, port }
}

export const takesName = ({ kind, text }: NamePattern, name: string): boolean => {
  if (kind === 'exact') return name === text
  return kind === 'suffix' ? name.endsWith(text) : name.startsWith(text)
}
