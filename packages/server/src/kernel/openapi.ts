import { api, Problem, type Endpoint } from '@keelson/contract'
import { cookieNames } from './session-cookie.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

/**
 * The OpenAPI 3.1 document of the contract. Schemas that carry an `$id` stand once under
 * `components.schemas` and are referred to everywhere else.
 */
export const openApiDocument = (version: string): JsonObject => {
  const schemas: JsonObject = {}
  // Through JSON: what remains is plain data, without the symbols of the schema library.
  const schemaOf = (schema: object): Json => hoist(JSON.parse(JSON.stringify(schema)), schemas)
  const problem = schemaOf(Problem)

  const paths: Record<string, JsonObject> = { ...streams }
  for (const [operationId, endpoint] of Object.entries<Endpoint>(api)) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = {
      ...paths[path],
      [endpoint.method.toLowerCase()]: operation(operationId, endpoint, schemaOf, problem),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keelson',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'Errors are RFC 9457 problems with a stable code and a hint.',
    },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: cookieNames(false).session },
      },
      schemas: sortedByName(schemas),
    },
  }
}

const operation = (
  operationId: string,
  endpoint: Endpoint,
  schemaOf: (schema: object) => Json,
  problem: Json,
): JsonObject => ({
  operationId,
  summary: endpoint.summary,
  tags: [endpoint.path.split('/')[3] ?? 'api'],
  'x-permission': endpoint.permission,
  ...(endpoint.permission === 'public' ? { security: [] } : {}),
  parameters: [
    ...parameters(endpoint, 'params', schemaOf),
    ...parameters(endpoint, 'query', schemaOf),
  ],
  ...(endpoint.body === undefined
    ? {}
    : { requestBody: { required: true, content: jsonContent(schemaOf(endpoint.body)) } }),
  responses: {
    ...(endpoint.response === null
      ? { '204': { description: 'Done' } }
      : { '200': { description: 'Done', content: jsonContent(schemaOf(endpoint.response)) } }),
    default: {
      description: 'Refused, or failed',
      content: { 'application/problem+json': { schema: problem } },
    },
  },
})

const jsonContent = (schema: Json): JsonObject => ({ 'application/json': { schema } })

const parameters = (
  endpoint: Endpoint,
  part: 'params' | 'query',
  schemaOf: (schema: object) => Json,
): Json[] => {
  const schema = endpoint[part]
  if (schema === undefined) return []
  const { properties, required } = schemaOf(schema) as {
    properties: Record<string, JsonObject>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: part === 'params' ? 'path' : 'query',
    // A default makes a parameter optional for the caller.
    required: required?.includes(name) === true && property['default'] === undefined,
    schema: property,
  }))
}

const hoist = (value: Json, schemas: JsonObject): Json => {
  if (Array.isArray(value)) return value.map((item) => hoist(item, schemas))
  if (value === null || typeof value !== 'object') return value
  const { $id, ...rest } = value
  const children = Object.fromEntries(
    Object.entries(rest).map(([key, child]) => [key, hoist(child, schemas)]),
  )
  if (typeof $id !== 'string') return children
  schemas[$id] = children
  return { $ref: `#/components/schemas/${$id}` }
}

const sortedByName = (schemas: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b)))

const text = (description: string, type: string): JsonObject => ({
  '200': { description, content: { [type]: { schema: { type: 'string' } } } },
})

const json = (description: string): JsonObject => ({
  '200': { description, content: jsonContent({ type: 'object' }) },
})

/** Speaks OAuth: a form of these parameters, and errors as of RFC 6749 5.2. */
const oauth = (
  operationId: string,
  summary: string,
  parameters: readonly string[],
): JsonObject => ({
  post: {
    ...{ operationId, summary, tags: ['oauth'], security: [] },
    requestBody: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': {
          schema: {
            type: 'object',
            properties: Object.fromEntries(parameters.map((name) => [name, { type: 'string' }])),
          },
        },
      },
    },
    responses: {
      ...json('Done'),
      '4XX': {
        description: 'Refused',
        content: jsonContent({
          type: 'object',
          properties: { error: { type: 'string' }, error_description: { type: 'string' } },
        }),
      },
    },
  },
})

/** What is not in the table of the contract: streams, and what others have said the shape of. */
const streams: Record<string, JsonObject> = {
  '/api/v1/live': {
    get: {
      operationId: 'live',
      summary: 'Server-sent events of several topics; resumes after Last-Event-ID',
      tags: ['live'],
      'x-permission': 'services:read',
      parameters: [
        {
          name: 'topics',
          in: 'query',
          required: true,
          description: 'services, timeline, stacks, traffic, logs:<stack>/<service>',
          schema: { type: 'string', maxLength: 2000 },
        },
      ],
      responses: text('The stream', 'text/event-stream'),
    },
  },
  '/api/v1/audit/export': {
    get: {
      operationId: 'exportAudit',
      summary: 'What listAudit lists, all of it, as JSON lines or CSV',
      tags: ['audit'],
      'x-permission': 'audit:read',
      parameters: [
        {
          name: 'format',
          in: 'query',
          description: 'And every filter of listAudit',
          schema: { type: 'string', enum: ['jsonl', 'csv'], default: 'jsonl' },
        },
      ],
      responses: text('The rows, newest first', 'application/jsonl'),
    },
  },
  '/oauth/token': oauth('token', 'Tokens for a program (RFC 6749, RFC 8628)', [
    ...['grant_type', 'client_id', 'client_secret', 'refresh_token', 'device_code', 'scope'],
    'audience',
  ]),
  '/oauth/device_authorization': oauth(
    'deviceAuthorization',
    'A code by which a person lets a program act as them (RFC 8628)',
    ['client_id', 'scope'],
  ),
  '/oauth/revoke': oauth('revokeProgram', 'Signs a program out by a token of it (RFC 7009)', [
    'token',
  ]),
  '/.well-known/jwks.json': {
    get: {
      ...{ operationId: 'publishedKeys', summary: 'Keys that tokens are signed with (RFC 7517)' },
      ...{ tags: ['oauth'], security: [], responses: json('The keys') },
    },
  },
  '/.well-known/oauth-authorization-server': {
    get: {
      ...{ operationId: 'oauthMetadata', summary: 'Where the OAuth endpoints are (RFC 8414)' },
      ...{ tags: ['oauth'], security: [], responses: json('The addresses') },
    },
  },
  '/healthz': {
    get: {
      operationId: 'healthz',
      summary: 'Whether the process answers',
      tags: ['health'],
      security: [],
      responses: text('It does', 'text/plain'),
    },
  },
  '/readyz': {
    get: {
      operationId: 'readyz',
      summary: 'Whether every module is ready; 503 with their names while not',
      tags: ['health'],
      security: [],
      responses: text('All are', 'text/plain'),
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      summary: 'Metrics as Prometheus text; those of the gateway for whoever has gateway:read',
      tags: ['health'],
      'x-permission': 'status:read',
      responses: text('Metrics', 'text/plain'),
    },
  },
}
