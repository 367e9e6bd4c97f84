import type { Place } from '../../place.ts'
import { readAddress } from '../../readers/address.ts'
import type { ServiceEvidence, System, VariableEvidence } from '../../systems/system.ts'

/** Somewhere that a service is told to connect to. */
export type Contact = Place & {
  from: ServiceEvidence
  host: string
  port: number | undefined
  scheme: string | undefined
  /** In words, for a fact: `DATABASE_URL`, `data source Loki`. */
  what: string
  by: 'environment' | 'configuration' | 'code'
}

/** Every place that is known to be contacted, by whom and where that is written. */
export const contactsOf = (system: System): readonly Contact[] => [
  ...[...system.services.values()].flatMap(fromEnvironment),
  ...[...system.services.values()].flatMap(fromCommand),
  ...fromConfiguration(system),
  ...[...system.services.values()].flatMap(fromCode),
]

/** Addresses for others: what it listens on, what browsers and other machines are told. */
const forOthers =
  /LISTEN|BIND|ADVERTI[SZ]ED|CORS|ORIGIN|ALLOW|TRUST|REDIRECT|CALLBACK|PUBLIC|EXTERNAL|FRONTEND_URL|(?:^|_)(?:BASE|ROOT|SITE|APP|HOME|WEB)_URL|DOMAIN|ISSUER|NO_?PROXY|NEXTAUTH|QUORUM|WEBHOOK|HOSTS_ALLOWED|^VIRTUAL_|SERVER_NAME|^REACT_APP|^VITE_|^NG_|^NUXT_/i

const addressVariable =
  /(?:HOST|HOSTS|HOST_?PORT|ADDRS?|ADDRESS|ADDRESSES|ENDPOINTS?|SERVERS?|BROKERS?|BROKERS?_LIST|BOOTSTRAP|SEEDS|CONTACT_POINTS|UPSTREAMS?|URLS?|URIS?|NODES|DSN|CONNECT|CONNECTION)$/i

/** `postgres:5432/app?sslmode=disable`, `app:word@postgres:5432`: an address that needs no scheme. */
const pair = /^(?:[^\s:/@?#]{1,100}(?::[^\s/@]{0,200})?@)?[a-z0-9][\w.-]*:\d{2,5}(?:[/?]\S*)?$/i

const fromEnvironment = (from: ServiceEvidence): readonly Contact[] =>
  [...from.environment.values()].flatMap((variable) => readVariable(from, variable))

const readVariable = (
  from: ServiceEvidence,
  { name, value, file, line, column }: VariableEvidence,
): readonly Contact[] => {
  if (value === undefined || value.length > 2000 || forOthers.test(name)) return []
  if (from.isUnset('environment', name)) return []
  if (/(?:^|_)(?:HOST|HOSTNAME|SERVER)$/i.test(name) && /^[a-z][\w.-]*$/i.test(value)) {
    const port = readPort(from.environment.get(name.replace(/[A-Z]+$/i, 'PORT'))?.value)
    const at = { file, line, column }
    return [{ ...at, from, host: value, port, scheme: undefined, what: name, by: 'environment' }]
  }
  return value.split(',').flatMap((part): readonly Contact[] => {
    const text = part.trim().replace(/^jdbc:/, '')
    const isUrl = /^[a-z][a-z0-9+.-]*:\/\/[^\s]+$/.test(text)
    // `SERVER1:80`: to be replaced.
    const isPair = addressVariable.test(name) && pair.test(text) && !/^[A-Z][A-Z0-9_]*:/.test(text)
    if (!isUrl && !isPair) return []
    const { host, port, scheme } = readAddress(text) ?? {}
    if (host === undefined) return []
    return [{ file, line, column, from, host, port, scheme, what: name, by: 'environment' }]
  })
}

/** Options by which a program is told what it is itself, or what others may be. */
const ownOption =
  /listen|bind|advertis|external|public|origin|allow|redirect|callback|issuer|initial-cluster|peer-urls|client-urls|base-?url|root-?url|site|domain|cors|web\.|proxy/i

const urlLengthMax = 2000

/** URLs that stand in `command` as words of their own or after `=`; scripts of a shell are not read. */
const fromCommand = (from: ServiceEvidence): readonly Contact[] => {
  const { command } = from.model
  if (command === undefined || from.isUnset('command')) return []
  if (command.some((word) => /\s/.test(word.trim()))) return []
  return command.flatMap((word, index): readonly Contact[] => {
    const [, inWord, url] =
      /^(?:(--?[\w.-]{1,80}|[A-Z]\w{0,80})=)?([a-z][a-z0-9+.-]*:\/\/\S+)$/i.exec(word) ?? []
    if (url === undefined || url.length > urlLengthMax) return []
    const before = command[index - 1]
    const option = inWord ?? (before?.startsWith('-') === true ? before : undefined)
    if (option === undefined || ownOption.test(option)) return []
    const { host, port, scheme } = readAddress(url) ?? {}
    if (host === undefined) return []
    const written = from.isWritten('command', String(index))
      ? ['command', String(index)]
      : ['command']
    const what = `${option} of its command`
    return [
      { ...placeOf(from.place(...written)), from, host, port, scheme, what, by: 'environment' },
    ]
  })
}

const readPort = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined

const fromConfiguration = (system: System): readonly Contact[] => {
  const read = (name: string | undefined) =>
    name === undefined ? undefined : system.services.get(name)
  const contacts = system.contacts.flatMap(({ by, host, port, scheme, what, ...at }) => {
    const from = read(by)
    return from === undefined ? [] : [{ ...placeOf(at), from, host, port, scheme, what }]
  })
  const exports = system.collectors.flatMap(({ by, exports: all }) => {
    const from = read(by)
    return all.flatMap(({ host, port, name, isUsed, ...at }) =>
      from === undefined || host === undefined || !isUsed
        ? []
        : [{ ...placeOf(at), from, host, port, scheme: undefined, what: `exporter ${name}` }],
    )
  })
  const managers = system.alerting.managers.flatMap(({ by, host, port, ...at }) => {
    const from = read(by)
    return from === undefined || host === undefined
      ? []
      : [{ ...placeOf(at), from, host, port, scheme: undefined, what: 'Alertmanager' }]
  })
  const webhooks = system.alerting.receivers.flatMap(({ by, name, integrations }) => {
    const from = read(by)
    return integrations.flatMap(({ kind, url, ...at }) => {
      const address = kind === 'webhook' && url !== undefined ? readAddress(url) : undefined
      const { host, port, scheme } = address ?? {}
      return from === undefined || host === undefined
        ? []
        : [{ ...placeOf(at), from, host, port, scheme, what: `receiver ${name}` }]
    })
  })
  return [...contacts, ...exports, ...managers, ...webhooks].map((one) => ({
    ...one,
    by: 'configuration',
  }))
}

const placeOf = ({ file, line, column }: Place): Place => ({ file, line, column })

/** Addresses that stand in the code, unless the environment says otherwise. */
const fromCode = (from: ServiceEvidence): readonly Contact[] =>
  from.sources
    .filter(({ isTest }) => !isTest)
    .flatMap(({ contacts }) => contacts)
    .filter(({ variable }) => variable === undefined || !from.environment.has(variable))
    .map(({ host, port, scheme, variable, ...at }) => ({
      ...{ ...placeOf(at), from, host, port, scheme, by: 'code' },
      what: variable === undefined ? 'the code' : `the default of ${variable}`,
    }))

const usualPorts: Readonly<Record<string, number>> = {
  ...{ http: 80, https: 443, ws: 80, wss: 443 },
  ...{ postgres: 5432, postgresql: 5432, mysql: 3306, mariadb: 3306, mongodb: 27_017 },
  ...{ redis: 6379, rediss: 6379, amqp: 5672, amqps: 5671, nats: 4222, mqtt: 1883 },
  ...{ clickhouse: 9000, memcached: 11_211, cassandra: 9042, neo4j: 7687, bolt: 7687 },
}

/** `postgresql+asyncpg` is PostgreSQL; `mongodb+srv` names no host, but a record of DNS. */
const plainScheme = (scheme: string | undefined): string =>
  scheme === undefined || scheme.endsWith('+srv') ? '' : (scheme.split('+')[0] ?? '')

/** The port that a scheme stands for. */
export const portOfScheme = (scheme: string | undefined): number | undefined =>
  usualPorts[plainScheme(scheme)]

/** Schemes that no browser speaks: such an address is never meant for one. */
export const isForPrograms = (scheme: string | undefined): boolean =>
  portOfScheme(scheme) !== undefined && !['http', 'https', 'ws', 'wss'].includes(scheme ?? '')
