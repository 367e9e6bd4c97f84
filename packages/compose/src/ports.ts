import { isIP } from 'node:net'
import type { Port } from './model.ts'

export type PortRange = { first: number; last: number }

/** `80` or `8000-8010`, 1 to 65535 and not descending; undefined otherwise. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  return first < 1 || last > 65535 || last < first ? undefined : { first, last }
}

/** How many ports a short form stands for; 0 when it cannot be read, which is told elsewhere. */
export function countShortPorts(text: string): number {
  const [address = ''] = text.split('/', 1)
  const range = parsePortRange(address.slice(address.lastIndexOf(':') + 1))
  return range === undefined ? 0 : range.last - range.first + 1
}

/** One entry of the short form, in parts. */
export type ShortPort = Pick<Port, 'target' | 'published' | 'hostIp' | 'protocol'>

/** The short form in parts, one for each target, or what is wrong with it. */
export function parseShortPort(text: string): ShortPort[] | string {
  const shown = JSON.stringify(text)
  const [address = '', protocolText = 'tcp', ...more] = text.split('/')
  const protocol = protocolText.toLowerCase()
  if (!isProtocol(protocol) || more.length > 0) return `invalid protocol in port ${shown}`
  const colon = address.lastIndexOf(':')
  const targetText = address.slice(colon + 1)
  const [hostIp, publishedText] = splitHost(address.slice(0, Math.max(colon, 0)))
  if (hostIp !== '' && isIP(hostIp) === 0) return `invalid IP address in port ${shown}`
  const target = parsePortRange(targetText)
  if (target === undefined) return `invalid container port in ${shown}`
  // 0 is the engine's own word for "any free port"
  const published = publishedText === '0' ? { first: 0, last: 0 } : parsePortRange(publishedText)
  if (publishedText !== '' && published === undefined) return `invalid published port in ${shown}`
  const size = target.last - target.first
  if (published !== undefined && size > 0 && published.last - published.first !== size) {
    return `the port ranges of ${shown} have different lengths`
  }
  const ports = Array.from({ length: size + 1 }, (_, index): ShortPort => {
    const host = publishedAt(published, size, index)
    return {
      target: target.first + index,
      protocol,
      ...(host === undefined ? {} : { published: host }),
      ...(hostIp === '' ? {} : { hostIp }),
    }
  })
  // Compose lists a range in the order of its numbers as texts: 10, 11, 9
  return ports.sort((a, b) => (String(a.target) < String(b.target) ? -1 : 1))
}

function isProtocol(text: string): text is Port['protocol'] {
  return text === 'tcp' || text === 'udp' || text === 'sctp'
}

/** `127.0.0.1:8080`, `[::1]:8080`, `8080`: address and published port, either may be empty. */
function splitHost(text: string): [hostIp: string, published: string] {
  const colon = text.lastIndexOf(':')
  if (colon === -1) return ['', text]
  return [text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), text.slice(colon + 1)]
}

function publishedAt(range: PortRange | undefined, size: number, index: number) {
  if (range === undefined) return undefined
  if (size > 0 || range.first === range.last) return String(range.first + index)
  return `${range.first}-${range.last}`
}
