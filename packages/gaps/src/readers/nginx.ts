import type { RouteEvidence } from '../systems/system.ts'
import { fillIn, readAddress, unknownText, type Lookup } from './address.ts'
import { parseNginx, type Directive } from './nginx-grammar.ts'
import type { FileFacts } from './reader.ts'

/** Cheap look before parsing: is it nginx's, and does it say anything about servers? */
export const isNginxConfig = (text: string): boolean =>
  /(?:^|[{};])[ \t]*(?:server|upstream\s+[^\s{]{1,200})\s{0,20}\{/m.test(text)

const usualPort: Readonly<Record<string, number>> = {
  ...{ http: 80, https: 443, grpc: 80, grpcs: 443, ws: 80, wss: 443 },
}
const passes = ['proxy_pass', 'grpc_pass', 'fastcgi_pass', 'uwsgi_pass', 'scgi_pass']

type Server = { hosts: readonly string[]; ports: readonly number[]; isStream: boolean }
type Upstreams = ReadonlyMap<string, readonly Directive[]>

/**
 * What each `server` listens on and where each `location` passes requests to. Templates are filled
 * in with what the owning service has in its environment; nginx's own variables are not known.
 */
export const readNginx = (file: string, text: string, lookup: Lookup): FileFacts => {
  const top = parseNginx(file, text)
  const contexts = [
    { directives: top, isStream: false },
    ...blocks(top, 'http').map((directives) => ({ directives, isStream: false })),
    ...blocks(top, 'stream').map((directives) => ({ directives, isStream: true })),
  ]
  const all = contexts.flatMap(({ directives }) => directives)
  const upstreams: Upstreams = new Map(
    all
      .filter(({ name, block }) => name === 'upstream' && block !== undefined)
      .map(({ words, block }) => [words[0] ?? '', block ?? []] as const),
  )
  const routes: RouteEvidence[] = []
  const listens: NonNullable<FileFacts['listens']>[number][] = []
  for (const { directives, isStream } of contexts) {
    for (const block of blocks(directives, 'server')) {
      const ports = listensOf(block, lookup, isStream)
      listens.push(...ports)
      const hosts = block
        .filter(({ name }) => name === 'server_name')
        .flatMap(({ words }) => words)
        .filter((host) => host !== '_' && host !== '')
      const known = ports.flatMap(({ port }) => port ?? [])
      const server = { hosts, ports: known, isStream }
      routes.push(...routesOf(block, server, { lookup, upstreams, depth: 0 }))
    }
  }
  return { routes, listens }
}

const blocks = (directives: readonly Directive[], name: string) =>
  directives.flatMap((one) => (one.name === name && one.block !== undefined ? [one.block] : []))

const listensOf = (server: readonly Directive[], lookup: Lookup, isStream: boolean) => {
  const written = server.filter(({ name }) => name === 'listen')
  return written.flatMap(({ words, at }) => {
    const text = fillIn(words[0] ?? '', lookup)
    if (text.startsWith('unix:')) return []
    const digits = /^(?:.*:)?(\d{1,5})$/.exec(text)?.[1]
    const port = digits === undefined ? (/^[\w.*-]+$/.test(text) ? 80 : undefined) : Number(digits)
    const isUdp = isStream && words.includes('udp')
    const protocol: 'udp' | 'tcp' = isUdp ? 'udp' : 'tcp'
    return [{ ...at, port, protocol, by: undefined }]
  })
}

type Reading = { lookup: Lookup; upstreams: Upstreams; depth: number }

const locationDepthMax = 10

/** The `location`s of a server, those inside others as well; `if` counts as what it stands in. */
const routesOf = (
  directives: readonly Directive[],
  server: Server,
  reading: Reading,
  path?: string,
): readonly RouteEvidence[] => {
  const own = directives
    .filter(({ name }) => passes.includes(name))
    .map((directive) => routeTo(directive, server, reading, path))
  if (reading.depth > locationDepthMax) return own
  const below = { ...reading, depth: reading.depth + 1 }
  return directives.reduce<readonly RouteEvidence[]>((found, { name, words, block, at }) => {
    if (block === undefined) return found
    if (name === 'if' || name === 'limit_except') {
      return [...found, ...routesOf(block, server, below, path).map(conditional)]
    }
    if (name !== 'location') return found
    const inside = routesOf(block, server, below, words.join(' '))
    const refuses = block.some((one) => one.name === 'return' && /^4\d\d$/.test(one.words[0] ?? ''))
    const own = { ...emptyRoute(at, server, words.join(' ')), ...(refuses ? { refuses } : {}) }
    return [...found, ...(inside.length > 0 ? inside : [own])]
  }, own)
}

const conditional = (route: RouteEvidence): RouteEvidence => ({ ...route, isPlain: false })

const emptyRoute = (at: Directive['at'], server: Server, path: string): RouteEvidence => ({
  ...{ ...at, kind: 'nginx', name: `location ${path}`, hosts: server.hosts, paths: [path] },
  ...{ methods: [], priority: undefined, upstreams: [], by: undefined },
  ...{ ports: server.ports, isPlain: true },
})

const routeTo = (
  { name, words, at }: Directive,
  server: Server,
  { lookup, upstreams }: Reading,
  path: string | undefined,
): RouteEvidence => ({
  ...emptyRoute(at, server, path ?? '/'),
  name: path === undefined ? name : `location ${path}`,
  paths: server.isStream ? [] : [path ?? '/'],
  upstreams: upstreamsOf(words[0] ?? '', at, { lookup, upstreams }),
})

const upstreamsOf = (
  word: string,
  at: Directive['at'],
  { lookup, upstreams }: Pick<Reading, 'lookup' | 'upstreams'>,
): RouteEvidence['upstreams'] => {
  const text = fillIn(word, lookup)
  if (text.startsWith('unix:') || text.includes('://unix:')) return []
  const { scheme, path } = readAddress(text) ?? {}
  const name = /^(?:\w+:\/\/)?([^/:]+)/.exec(text)?.[1] ?? ''
  const group = upstreams.get(name)
  if (group === undefined) return [{ ...at, ...readTarget(text), scheme, path }]
  return group
    .filter((one) => one.name === 'server')
    .filter(({ words }) => !(words[0] ?? '').startsWith('unix:'))
    .map((one) => {
      const target = fillIn(one.words[0] ?? '', lookup)
      return { ...one.at, ...readTarget(target, scheme), scheme, path }
    })
}

/** Host and port; nginx's own variables (`$backend`) and what the environment lacks are unknown. */
const readTarget = (text: string, scheme?: string) => {
  const address = readAddress(text)
  if (address === undefined) return { host: undefined, port: undefined }
  const usual = usualPort[address.scheme ?? scheme ?? 'http']
  const rest = text.replace(/^\w+:\/\//, '').split('/')[0] ?? ''
  const isUnknown = rest.includes('$') || rest.includes(unknownText)
  const port = address.port ?? (/:[^\]]*$/.test(rest) || isUnknown ? undefined : usual)
  return { host: address.host, port }
}
