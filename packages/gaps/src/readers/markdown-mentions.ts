import type { Claim } from '../systems/system.ts'
import type { Inline } from './markdown-inline.ts'

/** Hosts that mean the machine in front of the reader. */
const ownHost =
  /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|<[\w -]{1,30}>|\[::1\]|(?:docker|host|your)[-_]?(?:ip|host)|your-server)$/i

const url =
  /\b(https?|wss?|postgres(?:ql)?|redis|amqp|mongodb|mysql):\/\/(?:[\w.~%-]{0,60}(?::[^\s@/]{0,60})?@)?(localhost|127\.0\.0\.1|0\.0\.0\.0|<[\w -]{1,30}>|\[::1\]|(?:docker|host|your)[-_](?:ip|host|server))(?::(\d{2,5}))?(\/[^\s`'")\]>]{0,300})?/gi
const hostAndPort = /(?<![\w./@-])(localhost|127\.0\.0\.1)(?::(\d{2,5}))(\/[^\s`'")\]>]{0,300})?/gi
const portWord = /\bports? (?:number )?(\d{2,5})\b(?!\.\d)/gi

/** Addresses, ports, files and variables that a document names. */
export const readMentions = (inline: Inline): Claim[] => {
  const { text, pieces } = inline
  const short = text.slice(0, 20_000)
  return [
    ...readAddresses(short, inline.placeAt),
    ...[...short.matchAll(portWord)].flatMap((match): Claim[] => {
      const port = toPort(match[1])
      return port === undefined
        ? []
        : [
            {
              ...inline.placeAt(match.index),
              kind: 'port',
              text: match[0],
              port,
              service: undefined,
            },
          ]
    }),
    ...pieces.flatMap((piece): Claim[] => {
      const { kind, href, place } = piece
      if (kind === 'link') return readLink(href ?? '', place)
      if (kind !== 'code') return []
      const words = piece.text.trim()
      const variable = /^\$?\{?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\}?(?:=\S{0,200})?$/.exec(words)?.[1]
      if (variable !== undefined)
        return [{ ...place, kind: 'variable', text: words, name: variable }]
      return isPath(words)
        ? [{ ...place, kind: 'path', text: words, path: words, from: 'code' }]
        : []
    }),
  ]
}

/** `Health check: curl http://localhost:9390` is asked inside of the container. */
const isOfCheck = (before: string): boolean =>
  /(?:health-?\s?checks?|inside (?:of )?(?:the |its )?container)\b.{0,40}$/i.test(before.slice(-80))

/** `BASE_URL=https://<IP>:8443`: what may be set, and not where it is. */
const isSetting = (before: string): boolean =>
  /\b[A-Z][A-Z0-9_]{1,99}[=:] ?["']?$/.test(before.slice(-110))

export const readAddresses = (text: string, placeAt: Inline['placeAt']): Claim[] => {
  const found = new Map<number, Claim>()
  for (const match of text.matchAll(url)) {
    const [all, , host = '', port, path = '/'] = match
    const before = text.slice(0, match.index)
    if (!ownHost.test(host) || isOfCheck(before) || isSetting(before)) continue
    const claim = {
      kind: 'url',
      text: trimmed(all),
      host,
      port: toPort(port),
      path: trimmed(path),
    } as const
    found.set(match.index + all.indexOf(host), { ...placeAt(match.index), ...claim })
  }
  for (const match of text.matchAll(hostAndPort)) {
    const [all, host = '', port, path = '/'] = match
    if (found.has(match.index) || isOfCheck(text.slice(0, match.index))) continue
    const claim = {
      kind: 'url',
      text: trimmed(all),
      host,
      port: toPort(port),
      path: trimmed(path),
    } as const
    found.set(match.index, { ...placeAt(match.index), ...claim })
  }
  return [...found.values()]
}

/** The full stop of a sentence is no part of the address in it. */
const trimmed = (text: string): string => text.replace(/[.,;:!*_]+$/, '')

const toPort = (text: string | undefined): number | undefined => {
  const port = text === undefined ? undefined : Number(text)
  return port !== undefined && port > 0 && port < 65_536 ? port : undefined
}

const readLink = (href: string, place: Inline['pieces'][number]['place']): Claim[] => {
  const [path = ''] = href.split(/[?#]/, 1)
  if (path === '' || /^[a-z][a-z0-9+.-]*:|^\/\/|^[@~]/i.test(path) || /[<>{}*$|]/.test(path))
    return []
  return [{ ...place, kind: 'path', text: href, path: decoded(path), from: 'link' }]
}

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** A path of this repository, as far as its form tells: `deploy/nginx.conf`, `./scripts/up.sh`. */
const isPath = (text: string): boolean =>
  /^(?:\.{1,2}\/)?[\w.@-]+(?:\/[\w.@-]+)+\/?$/.test(text) &&
  !/^(?:https?|www|[\w-]+\.(?:com|io|org|dev|net))\b/.test(text)
