import type { ObjectShape, Shape } from './shape.ts'

/** Where a service belongs in the house: what the status page groups by. */
export const categories = [
  'core',
  'communication',
  'automation',
  'ai_ml',
  'infrastructure',
  'monitoring',
] as const

/** How new instances take the place of old ones. */
export const updateStrategies = ['rolling', 'blue-green'] as const

const string: Shape = { is: 'string' }
const duration: Shape = { is: 'duration' }
const portNumber: Shape = { is: 'number', min: 1, max: 65535, whole: true }
const slashed = {
  is: 'string',
  legal: /^\/[^\s]*$/,
  legalHint: 'a path that starts with /',
} as const

const method = {
  is: 'string',
  legal: /^[A-Z]{1,40}$/,
  legalHint: 'a method in capitals: GET',
} as const
const pluginName = {
  is: 'string',
  legal: /^[a-z][a-z0-9-]{0,99}$/,
  legalHint: 'the name of a gateway plugin: rate-limiting',
} as const

const route: ObjectShape = {
  is: 'object',
  keys: {
    host: {
      is: 'string',
      legal: /^[a-zA-Z0-9*]([a-zA-Z0-9.*-]*[a-zA-Z0-9])?$/,
      legalHint: 'a host name without scheme and port: shop.example.com',
    },
    path: slashed,
    strip_path: { is: 'boolean' },
    port: portNumber,
    timeout: duration,
    methods: { is: 'list', of: method, unique: true },
    plugins: {
      is: 'list',
      of: {
        is: 'either',
        scalar: pluginName,
        map: {
          is: 'object',
          keys: { name: pluginName, config: { is: 'record', of: { is: 'anything' } } },
          required: ['name'],
          closed: true,
          nullable: 'all',
        },
        called: 'a name or a mapping',
      },
    },
  },
  closed: true,
  nullable: 'all',
}

const routeText: Shape = {
  is: 'string',
  legal: /^([a-zA-Z0-9*][a-zA-Z0-9.*-]*)?(\/[^\s]*)?$/,
  legalHint: '/path, host/path or host; no scheme',
}

/** `x-keelson` of a service: closed, so that a typing mistake is found. */
export const keelsonService: ObjectShape = {
  is: 'object',
  keys: {
    runtime: { is: 'string', oneOf: ['process', 'container'] },
    category: { is: 'string', oneOf: categories },
    port: {
      is: 'either',
      scalar: { is: 'text' },
      map: {
        is: 'object',
        keys: {
          number: { is: 'text' },
          env: {
            is: 'string',
            legal: /^[a-zA-Z_][a-zA-Z0-9_]*$/,
            legalHint: 'the name of an environment variable: PORT',
          },
        },
        closed: true,
        nullable: 'all',
      },
      called: 'auto, a port number or a mapping',
    },
    probe: {
      is: 'object',
      keys: {
        http: {
          is: 'either',
          scalar: slashed,
          map: {
            is: 'object',
            keys: { path: slashed, port: portNumber, status: { is: 'text' } },
            required: ['path'],
            closed: true,
            nullable: 'all',
          },
          called: 'a path or a mapping',
        },
        tcp: { is: 'text' },
        interval: duration,
        timeout: duration,
        retries: { is: 'number', min: 1, max: 100, whole: true },
        start_period: duration,
      },
      closed: true,
      nullable: 'all',
    },
    route: {
      is: 'either',
      scalar: routeText,
      map: route,
      list: {
        is: 'list',
        of: { is: 'either', scalar: routeText, map: route, called: 'a string or a mapping' },
      },
      called: 'a string, a mapping or a list of them',
    },
    database: {
      is: 'string',
      legal: /^[a-z_][a-z0-9_]{0,62}$/,
      legalHint: 'lower-case letters, digits and _, at most 63',
    },
    description: string,
    owner: string,
    protocol: { is: 'string', oneOf: ['http', 'tcp'] },
    update: { is: 'string', oneOf: updateStrategies },
    hook_timeout: duration,
  },
  closed: true,
  nullable: 'all',
}

/** `x-keelson` of the whole file. */
export const keelsonProject: ObjectShape = {
  is: 'object',
  keys: { description: string, demo: { is: 'boolean' }, kong: string },
  closed: true,
  nullable: 'all',
}
