import type { AlertingEvidence, ConfiguredContact } from '../systems/system.ts'
import { readAddress } from './address.ts'
import type { ConfigNode } from './config-node.ts'

type Routing = Pick<AlertingEvidence, 'receivers' | 'routed'>

const routeDepthMax = 20

/** Where each kind of receiver has the address it tells, and where its default stands. */
const urlKeys: Readonly<Record<string, { own: readonly string[]; global?: string }>> = {
  slack: { own: ['api_url', 'api_url_file', 'app_token', 'http_config'], global: 'slack_api_url' },
  webhook: { own: ['url', 'url_file'] },
  msteams: { own: ['webhook_url', 'webhook_url_file'] },
  msteamsv2: { own: ['webhook_url', 'webhook_url_file'] },
  discord: { own: ['webhook_url', 'webhook_url_file'] },
  pagerduty: {
    own: ['routing_key', 'routing_key_file', 'service_key', 'service_key_file'],
  },
  email: { own: ['to'] },
  opsgenie: { own: ['api_key', 'api_key_file'], global: 'opsgenie_api_key' },
  telegram: { own: ['bot_token', 'bot_token_file'] },
}

/** Alertmanager's receivers, the tree of routes, and who is named by it. */
export const readAlertmanager = (root: ConfigNode): Routing => {
  const routed = readRoutes(root.get('route'), 0)
  const used = new Set(routed.map(({ receiver }) => receiver))
  const receivers = (root.get('receivers')?.items() ?? []).flatMap((receiver) => {
    const name = receiver.get('name')?.text()
    if (name === undefined) return []
    const integrations = receiver
      .entries()
      .filter(({ key }) => key.endsWith('_configs'))
      .flatMap(({ key, value }) =>
        value.items().map((item) => {
          const kind = key.slice(0, -'_configs'.length)
          const { url, at } = readUrl(item, kind, root)
          return { ...at, kind, url }
        }),
      )
    return [{ ...receiver.at, name, integrations, isUsed: used.has(name), by: undefined }]
  })
  return { receivers, routed }
}

/** The mail server: of all receivers, and of single ones; only of those that write mails. */
export const readSmarthosts = (root: ConfigNode): readonly ConfiguredContact[] => {
  const mails = (root.get('receivers')?.items() ?? []).flatMap(
    (receiver) => receiver.get('email_configs')?.items() ?? [],
  )
  const written = mails.flatMap(
    (mail) => mail.get('smarthost') ?? root.get('global', 'smtp_smarthost') ?? [],
  )
  const each = new Map(written.map((node) => [`${node.at.line}:${node.at.column}`, node]))
  return [...each.values()].flatMap((node) => {
    const text = node.text()
    const { host, port } = (text === undefined ? undefined : readAddress(text)) ?? {}
    if (host === undefined) return []
    return [
      {
        ...node.at,
        scheme: 'smtp',
        host,
        port,
        path: undefined,
        variable: undefined,
        what: 'smarthost',
        by: undefined,
      },
    ]
  })
}

/** What it is told by, as written; `''` when it has nothing that it could tell by. */
const readUrl = (item: ConfigNode, kind: string, root: ConfigNode) => {
  const keys = urlKeys[kind]
  if (keys === undefined || (kind === 'email' && isCaught(item, root)))
    return { url: undefined, at: item.at }
  for (const key of keys.own) {
    const value = item.get(key)
    if (value === undefined) continue
    if (key.endsWith('_file') || key === 'http_config') return { url: undefined, at: value.at }
    return { url: value.text() ?? '', at: value.at }
  }
  const general = keys.global === undefined ? undefined : root.get('global')
  const inherited =
    general?.get(keys.global ?? '') ??
    general?.get(`${keys.global ?? ''}_file`) ??
    general?.get(`${kind}_app_token`)
  return inherited === undefined
    ? { url: '', at: item.at }
    : { url: inherited.text() ?? '', at: inherited.at }
}

const catcher = /^(?:mailhog|mailpit|maildev|mailcatcher|smtp4dev|inbucket|greenmail|fake-?smtp)\b/i

/** A server that shows every mail, whoever it is to. */
const isCaught = (item: ConfigNode, root: ConfigNode): boolean =>
  catcher.test((item.get('smarthost') ?? root.get('global')?.get('smtp_smarthost'))?.text() ?? '')

const readRoutes = (
  route: ConfigNode | undefined,
  depth: number,
): readonly AlertingEvidence['routed'][number][] => {
  if (route === undefined || depth > routeDepthMax) return []
  const receiver = route.get('receiver')
  const name = receiver?.text()
  return [
    ...(receiver === undefined || name === undefined ? [] : [{ ...receiver.at, receiver: name }]),
    ...(route.get('routes')?.items() ?? []).flatMap((below) => readRoutes(below, depth + 1)),
  ]
}
