/**
 * Names and addresses as Kong accepts them. Source: kong/tools/ip.lua, kong/db/schema/typedefs.lua.
 */
import { isIP } from 'node:net'

export type ParsedHost = { type: 'name' | 'ipv4' | 'ipv6'; host: string; port: number | null }

const portMax = 65_535

/** `name`, `name:port`, IPv4 with or without a port, `::1`, `[::1]:port`; else what is wrong. */
export const parseHost = (text: string): ParsedHost | { problem: string } => {
  const [, bracketed, bracketPort] = /^\[([^\]]*)\](?::(\d+))?$/.exec(text) ?? []
  const colons = text.split(':').length - 1
  if (bracketed !== undefined || colons > 1) {
    const host = bracketed ?? text
    if (isIP(host) !== 6 || host.includes('%')) return { problem: 'is not an IPv6 address' }
    return withPort({ type: 'ipv6', host: host.toLowerCase() }, bracketPort)
  }
  const [host = '', port] = text.split(':')
  if (port !== undefined && !/^\d+$/.test(port)) return { problem: 'has a port that is no number' }
  if (/^[\d.]+$/.test(host)) {
    // Kong reads 010.0.0.1 as 10.0.0.1.
    const plain = host.replaceAll(/(?<=^|\.)0+(?=\d)/g, '')
    return isIP(plain) === 4
      ? withPort({ type: 'ipv4', host: plain }, port)
      : { problem: 'is not an IPv4 address' }
  }
  const labels = host.split('.')
  const isName =
    /^[\w.-]+$/.test(host) &&
    labels.every((label, at) => !label.endsWith('-') && (label !== '' || at === labels.length - 1))
  return isName ? withPort({ type: 'name', host }, port) : { problem: 'is not a host name' }
}

const withPort = (
  parsed: Pick<ParsedHost, 'type' | 'host'>,
  port: string | undefined,
): ParsedHost | { problem: string } => {
  if (port === undefined) return { ...parsed, port: null }
  const number = Number(port)
  return number > portMax ? { problem: 'has a port above 65535' } : { ...parsed, port: number }
}

/** What is wrong with a text, as the end of a sentence about it; null when nothing is. */
export type Judgement = (text: string) => string | null

export const hostProblem: Judgement = (text) => {
  const parsed = parseHost(text)
  if ('problem' in parsed) return parsed.problem
  return parsed.port === null ? null : 'must not have a port'
}

export const hostWithPortProblem: Judgement = (text) => {
  const parsed = parseHost(text)
  return 'problem' in parsed ? parsed.problem : null
}

/** Of an upstream: it must read as a host name, since services name it as their host. */
export const hostNameProblem: Judgement = (text) => {
  const parsed = parseHost(text)
  if ('problem' in parsed) return parsed.problem
  if (parsed.type !== 'name') return 'must not be an IP address'
  return parsed.port === null ? null : 'must not have a port'
}

/** Of routes: one `*` as the first or the last label, perhaps a port. */
export const routeHostProblem: Judgement = (text) => {
  if (text.split('*').length > 2) return 'has more than one wildcard'
  if (text.includes('*') && !/^\*\.|\.\*(?::\d+)?$/.test(text)) {
    return 'has its wildcard elsewhere than as the first or the last label'
  }
  return hostWithPortProblem(text.replace('*', 'abc'))
}

/** Of TLS: a `*` at one of the ends. */
export const serverNameProblem: Judgement = (text) => {
  const at = text.indexOf('*')
  if (at !== -1 && at !== 0 && at !== text.length - 1) {
    return 'has its wildcard elsewhere than at an end'
  }
  if (text.split('*').length > 2) return 'has more than one wildcard'
  return hostNameProblem(text.replace('*', 'wildcard'))
}
