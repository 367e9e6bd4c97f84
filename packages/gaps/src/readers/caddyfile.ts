import type { Place } from '../place.ts'
import type { RouteEvidence } from '../systems/system.ts'
import { fillIn, readAddress, type Lookup } from './address.ts'
import type { FileFacts } from './reader.ts'

const lineLengthMax = 2000

type Block = { kind: 'site' | 'path' | 'other'; hosts: readonly string[]; path: string | undefined }

/**
 * A Caddyfile, the plain parts: each site's address, `handle`, `handle_path` and `route` with a
 * path, and `reverse_proxy`. Named matchers and snippets are not followed: such a route is not
 * compared with others.
 */
export const readCaddyfile = (file: string, text: string, lookup: Lookup): FileFacts => {
  const routes: RouteEvidence[] = []
  const listens: NonNullable<FileFacts['listens']>[number][] = []
  const open: Block[] = []
  let ports: readonly number[] = []
  let hosts: readonly string[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const code = raw.slice(0, lineLengthMax).replace(/(^|\s)#.*$/, '')
    const words = fillIn(code, lookup).trim().split(/\s+/)
    const at = { file, line: index + 1, column: code.length - code.trimStart().length + 1 }
    const isOpening = words.at(-1) === '{'
    if (open.length === 0 && isOpening) {
      const sites = words
        .slice(0, -1)
        .flatMap((word) => word.split(','))
        .filter((word) => word !== '')
      const addresses = sites.filter((site) => !site.startsWith('(') && !site.startsWith('&'))
      ports = addresses.flatMap((site) => portOf(site) ?? [])
      hosts = addresses.flatMap((site) => readAddress(site)?.host ?? [])
      listens.push(
        ...ports.map((port) => ({ ...at, port, protocol: 'tcp' as const, by: undefined })),
      )
    }
    if (words[0] === 'reverse_proxy' && open.length > 0) {
      routes.push(readProxy(words.slice(1), { at, hosts, ports, open }))
    }
    if (isOpening) open.push(readBlock(words))
    else if (words[0] === '}') open.pop()
  }
  return { routes, listens }
}

const readBlock = ([first = '', second = '']: readonly string[]): Block => {
  const isPath = ['handle', 'handle_path', 'route'].includes(first)
  const kind = isPath ? 'path' : 'other'
  return { kind, hosts: [], path: isPath && second !== '{' ? second : undefined }
}

type Where = {
  at: Place
  hosts: readonly string[]
  ports: readonly number[]
  open: readonly Block[]
}

const readProxy = (words: readonly string[], { at, hosts, ports, open }: Where): RouteEvidence => {
  const [first = '', ...rest] = words.filter((word) => word !== '{')
  const hasMatcher = first.startsWith('/') || first.startsWith('@') || first === '*'
  const outer = open.findLast(({ path }) => path !== undefined)?.path
  const path = hasMatcher && first !== '*' ? first : (outer ?? '*')
  const targets = hasMatcher ? rest : [first, ...rest]
  return {
    ...{ ...at, kind: 'caddy', name: `reverse_proxy ${path}`, hosts, paths: [path], methods: [] },
    ...{ priority: undefined, by: undefined, ports, isPlain: !path.startsWith('@') },
    upstreams: targets
      .filter((target) => target !== '' && !target.startsWith('unix/'))
      .map((target) => {
        const { scheme, host, port } = readAddress(target) ?? {}
        const usual = /:[^/]*$/.test(target.replace(/^\w+:\/\//, '')) ? undefined : 80
        const isPortOnly = /^:\d/.test(target)
        const to = isPortOnly ? 'localhost' : host
        return { ...at, scheme, host: to, port: port ?? usual, path: undefined }
      }),
  }
}

/** `:8080`, `http://a.example`, `a.example:8443`; a bare name gets both ports of the web. */
const portOf = (site: string): readonly number[] | undefined => {
  const { scheme, host, port } = readAddress(site) ?? {}
  if (port !== undefined) return [port]
  if (scheme === 'http') return [80]
  return host === undefined ? undefined : [443, 80]
}
