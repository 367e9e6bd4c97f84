import type { Edit } from '../../fix/edit.ts'
import { stageOf } from '../../systems/stage.ts'
import type { KnownImage, ServiceEvidence } from '../../systems/system.ts'

/** Kinds that take a minute to come up, and whose own clients take seconds. */
const slowKinds = new Set<KnownImage['kind']>(['search', 'broker'])

/** The check that is known to work in the image, whatever its tag stands for. */
export const knownCheckOf = ({ image }: ServiceEvidence): readonly string[] | undefined =>
  image !== undefined && hasProgram(image) ? image.known?.healthcheck : undefined

/** Writes the check that is known of the image; none where the service is not set up as usual. */
export const addKnownCheck = (service: ServiceEvidence): readonly Edit[] => {
  const { name, at, image, model } = service
  const test = knownCheckOf(service)
  if (test === undefined || model.healthcheck !== undefined || !isUsual(service)) return []
  const isSlow = slowKinds.has(image?.known?.kind ?? 'other') || /cqlsh/.test(test.join(' '))
  const timing = isSlow
    ? { interval: '10s', timeout: '10s', retries: 6, start_period: '60s' }
    : { interval: '10s', timeout: '5s', retries: 5, start_period: '30s' }
  const keys = ['services', name, 'healthcheck']
  return [{ kind: 'set', file: at.file, keys, value: { test, ...timing } }]
}

/**
 * A known check asks at the usual port, without TLS and without a password. Where ports, TLS or the
 * entrypoint are set otherwise, or logins are on, its answer is not known.
 */
const isUsual = (service: ServiceEvidence): boolean => {
  const { image, model, build, environment } = service
  if (image === undefined || model.entrypoint !== undefined) return false
  if (build !== undefined && stageOf(build)?.entrypoint !== undefined) return false
  const words = (model.command ?? []).join(' ')
  if (/(?:^|[\s_.-])(?:port|listen|tls|ssl|unixsocket)|(?:^|\s)-p(?:\s|\d)/i.test(words))
    return false
  const known = new Set(image.known?.ports.map(({ port }) => String(port)))
  const isSetOtherwise = [...environment].some(([name, { value, from }]) => {
    if (from === 'dockerfile') return false
    if (/(?:^|_)(?:TLS|SSL)(?:_|$)/i.test(name))
      return !/^(?:|0|false|no|off|disabled?)$/i.test(value ?? 'on')
    return name.endsWith('PORT') && value !== undefined && /^\d+$/.test(value) && !known.has(value)
  })
  return !isSetOtherwise && (conditions[image.name]?.(service) ?? true)
}

type Image = NonNullable<ServiceEvidence['image']>

/**
 * Alpine variants hold other programs than those the check was written for, and a tag that is not
 * known may name one.
 */
const hasProgram = ({ known, tag = 'latest' }: Image): boolean => {
  const [kind, first = ''] = known?.healthcheck ?? []
  const program = kind === 'CMD-SHELL' ? (first.split(' ')[0] ?? '') : first
  if (known?.lacks.includes(program) === true) return false
  const mayBeAlpine = tag === '' || tag.includes('alpine')
  return !mayBeAlpine || known?.has.includes(program) === true
}

type Condition = (service: ServiceEvidence) => boolean

const valueOf = ({ environment }: ServiceEvidence, name: string): string =>
  environment.get(name)?.value?.toLowerCase() ?? ''

const majorOf = ({ image }: ServiceEvidence): number =>
  Number(/^v?(\d+)/.exec(image?.tag ?? '')?.[1] ?? Infinity)

/** Since 8 it asks for a login unless told otherwise. */
const isOpenElasticsearch: Condition = (service) =>
  valueOf(service, 'xpack.security.enabled') === 'false' ||
  (majorOf(service) < 8 && valueOf(service, 'ELASTIC_PASSWORD') === '')

const isOpenOpensearch: Condition = (service) =>
  valueOf(service, 'DISABLE_SECURITY_PLUGIN') === 'true' ||
  valueOf(service, 'plugins.security.disabled') === 'true'

/** Listeners that are written have to be at the usual port, in clear text. */
const isPlainKafka: Condition = ({ environment }) => {
  const listeners = [...environment].flatMap(([name, { value = '' }]) =>
    name.endsWith('LISTENERS') ? [value] : [],
  )
  const isSecured = [...environment.values()].some(({ value = '' }) => /SASL/.test(value))
  return !isSecured && (listeners.length === 0 || listeners.some((text) => text.includes(':9092')))
}

const never: Condition = () => false

/** What else has to be so for the check of an image to hold. */
const conditions: Readonly<Record<string, Condition>> = {
  // mongosh came with 6.
  mongo: (service) => majorOf(service) >= 6,
  traefik: ({ model }) => (model.command ?? []).some((word) => /^--ping(?:=true)?$/.test(word)),
  'eclipse-mosquitto': ({ model }) =>
    model.volumes.every(({ target }) => !target.includes('config')),
  elasticsearch: isOpenElasticsearch,
  'elasticsearch/elasticsearch': isOpenElasticsearch,
  'opensearchproject/opensearch': isOpenOpensearch,
  'confluentinc/cp-kafka': isPlainKafka,
  'confluentinc/cp-server': isPlainKafka,
  'apache/kafka': isPlainKafka,
  'bitnami/kafka': isPlainKafka,
  'bitnamilegacy/kafka': isPlainKafka,
  // Asks for a login where its Elasticsearch has one; a sealed Vault is no failure.
  ...{ kibana: never, 'kibana/kibana': never, vault: never, 'hashicorp/vault': never },
}
