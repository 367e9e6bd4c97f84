import { keelsonProject, keelsonService } from './keelson-schema.ts'
import type { ObjectShape, Shape } from './shape.ts'

/** What a key below `x-keelson` means; its type is the schema's. */
type Note = { meaning: string; default: string; example: string }
export type KeyReference = Note & { key: string; type: string }

const nothing = '—'

/** By path below a service's `x-keelson`. Examples are whole values of that key, as YAML. */
const serviceNotes: Readonly<Record<string, Note>> = {
  runtime: {
    meaning: 'How the service runs: as a plain process of this host, or in a container',
    default: '`container`',
    example: 'process',
  },
  category: {
    meaning: 'Where the service belongs: what the status page groups by',
    default: 'guessed by its image, program and name, else `core`',
    example: 'infrastructure',
  },
  port: {
    meaning:
      'The port the service listens on, told to it in `$PORT`. `auto`, for processes only: a free one of this host',
    default: nothing,
    example: 'auto',
  },
  'port.number': {
    meaning: 'The port, or `auto`',
    default: '`auto`',
    example: '9000',
  },
  'port.env': {
    meaning: 'The variable that tells it; with `auto` only `PORT`',
    default: '`PORT`',
    example: 'HTTP_PORT',
  },
  probe: {
    meaning:
      'How to find out whether the service is healthy: exactly one of `http` and `tcp`. It wins over `healthcheck`, whose timing it takes over where it names none',
    default: '`healthcheck`, or that of the image',
    example: '{ http: /health, interval: 2s }',
  },
  'probe.http': {
    meaning: 'Healthy while this path answers 200 to 399',
    default: nothing,
    example: '/health',
  },
  'probe.http.path': {
    meaning: 'The path; required in the long form',
    default: nothing,
    example: '/ready',
  },
  'probe.http.port': {
    meaning: 'Another port than that of the service',
    default: 'the port of the service',
    example: '9100',
  },
  'probe.http.status': {
    meaning: 'The one status that is healthy',
    default: '200 to 399',
    example: '204',
  },
  'probe.tcp': {
    meaning: 'Healthy while it takes connections: `true`, or another port than that of the service',
    default: nothing,
    example: 'true',
  },
  'probe.interval': {
    meaning: 'Time between two questions',
    default: '`5s`',
    example: '2s',
  },
  'probe.timeout': {
    meaning: 'No answer in this time is a failure',
    default: '`5s`',
    example: '1s',
  },
  'probe.retries': {
    meaning: 'Failures in a row that make it unhealthy',
    default: '`3`',
    example: '5',
  },
  'probe.start_period': {
    meaning: 'Failures in this time after the start do not count',
    default: '`30s`',
    example: '2m',
  },
  route: {
    meaning:
      'What the gateway passes on to the service: `/path`, `host/path`, `host`, the long form, or a list of them',
    default: nothing,
    example: '[/shop, shop.example.com]',
  },
  'route.host': {
    meaning: 'Only requests for this host name; `*.example.com` is every name below it',
    default: 'every host',
    example: 'shop.example.com',
  },
  'route.path': {
    meaning: 'Only paths that begin with it',
    default: '`/`',
    example: '/api',
  },
  'route.strip_path': {
    meaning: 'Take `path` off before the request is passed on',
    default: '`false`',
    example: 'true',
  },
  'route.port': {
    meaning: 'Another port than that of the service',
    default: 'the port of the service',
    example: '8081',
  },
  'route.timeout': {
    meaning: 'How long the gateway waits for an answer',
    default: '`60s`',
    example: '5m',
  },
  'route.methods': {
    meaning: 'Only requests with these methods',
    default: 'every method',
    example: '[GET, HEAD]',
  },
  'route.plugins': {
    meaning: 'Gateway plugins of this route, by name or with their `config`',
    default: nothing,
    example: '[correlation-id, {name: rate-limiting, config: {minute: 60}}]',
  },
  database: {
    meaning:
      'A database of this name is made in the PostgreSQL of Keelson and told to the process in `$DATABASE_URL`',
    default: nothing,
    example: 'shop',
  },
  description: {
    meaning: 'What the service is for, in a sentence; shown beside it',
    default: nothing,
    example: 'Orders and payments',
  },
  owner: {
    meaning: 'Who answers for the service; shown beside it',
    default: nothing,
    example: 'team-shop',
  },
  protocol: {
    meaning: 'What the service speaks. Processes reach an `http` one through the gateway',
    default: '`http` with an HTTP probe or a route, else `tcp`',
    example: 'http',
  },
  update: {
    meaning:
      'How new instances take the place of old ones: `rolling`, some at a time by `deploy.update_config`; `blue-green`, all new ones beside the old ones, then the traffic at once',
    default: '`rolling`',
    example: 'blue-green',
  },
  hook_timeout: {
    meaning: 'How long a `pre_start` or a `post_start` hook may take',
    default: '`2m`',
    example: '10m',
  },
}

const projectNotes: Readonly<Record<string, Note>> = {
  description: {
    meaning: 'What the stack is for, in a sentence',
    default: nothing,
    example: 'The web shop',
  },
  demo: {
    meaning: 'The stack is for a try: `down` removes its volumes and databases as well',
    default: '`false`',
    example: 'true',
  },
  kong: {
    meaning: 'A Kong file that the gateway is configured by, relative to the compose file',
    default: '`kong.yml` or `kong.yaml` beside the compose file, if there is one',
    example: 'gateway/kong.yml',
  },
}

/** Every key below `x-keelson` of a service and of the file, in the order of the schema. */
export const keelsonReference = (): { service: KeyReference[]; project: KeyReference[] } => ({
  service: referenceOf(keelsonService, serviceNotes),
  project: referenceOf(keelsonProject, projectNotes),
})

const referenceOf = (shape: ObjectShape, notes: Readonly<Record<string, Note>>): KeyReference[] => {
  const keys = keysOf(shape)
  const unknown = Object.keys(notes).find((noted) => !keys.some(([key]) => key === noted))
  if (unknown !== undefined) throw new Error(`x-keelson has no key ${unknown}`)
  return keys.map(([key, one]) => {
    const note = notes[key]
    if (note === undefined) throw new Error(`Say what x-keelson.${key} means`)
    return { key, type: typeOf(one), ...note }
  })
}

const keysOf = ({ keys }: ObjectShape, above = ''): [key: string, shape: Shape][] =>
  Object.entries(keys).flatMap(([name, shape]) => {
    const key = `${above}${name}`
    const below = objectIn(shape)
    return [[key, shape], ...(below === undefined ? [] : keysOf(below, `${key}.`))]
  })

const objectIn = (shape: Shape): ObjectShape | undefined => {
  if (shape.is === 'object') return shape
  return shape.is === 'either' && shape.map?.is === 'object' ? shape.map : undefined
}

const typeOf = (shape: Shape): string => {
  switch (shape.is) {
    case 'string':
      return shape.oneOf?.map((one) => `\`${one}\``).join(' or ') ?? shape.legalHint ?? 'string'
    case 'number':
      return `number from ${shape.min ?? '-∞'} to ${shape.max ?? '∞'}`
    case 'duration':
      return 'duration: `500ms`, `30s`, `1m30s`'
    case 'text':
      return 'text or number'
    case 'either':
      return shape.called
    case 'object':
      return 'mapping'
    case 'boolean':
    case 'bytes':
    case 'list':
    case 'record':
    case 'anything':
      return shape.is
  }
}
