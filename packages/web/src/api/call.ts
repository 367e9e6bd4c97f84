import type { Api, CallInput, CallOutput, EndpointName, Problem } from '@keelson/contract'

/**
 * The same call as the contract's `createClient`, without its schemas: those would bring the whole
 * schema library into the page. The types still come from the contract, so a method or path that
 * drifts does not compile.
 */
const endpoints = {
  createSession: ['POST', '/api/v1/session'],
  getSession: ['GET', '/api/v1/session'],
  deleteSession: ['DELETE', '/api/v1/session'],
  getSignIn: ['GET', '/api/v1/sign-in'],
  readLink: ['POST', '/api/v1/links/read'],
  useLink: ['POST', '/api/v1/links/use'],
  listUsers: ['GET', '/api/v1/users'],
  inviteUser: ['POST', '/api/v1/users/invitations'],
  updateUser: ['PUT', '/api/v1/users/:user'],
  deleteUser: ['DELETE', '/api/v1/users/:user'],
  resetUser: ['POST', '/api/v1/users/:user/reset-links'],
  listUserSessions: ['GET', '/api/v1/users/:user/sessions'],
  revokeUserSessions: ['DELETE', '/api/v1/users/:user/sessions'],
  getAccount: ['GET', '/api/v1/account'],
  updateAccount: ['PUT', '/api/v1/account'],
  changePassword: ['PUT', '/api/v1/account/password'],
  listOwnSessions: ['GET', '/api/v1/account/sessions'],
  revokeOwnSession: ['DELETE', '/api/v1/account/sessions/:session'],
  getOverview: ['GET', '/api/v1/overview'],
  listServices: ['GET', '/api/v1/services'],
  getService: ['GET', '/api/v1/services/:name'],
  getServiceTimeline: ['GET', '/api/v1/services/:name/timeline'],
  getServiceHealth: ['GET', '/api/v1/services/:name/health'],
  getServiceLogs: ['GET', '/api/v1/services/:name/logs'],
  whyService: ['GET', '/api/v1/services/:name/why'],
  restartService: ['POST', '/api/v1/services/:name/restart'],
  startService: ['POST', '/api/v1/services/:name/start'],
  stopService: ['POST', '/api/v1/services/:name/stop'],
  scaleService: ['PUT', '/api/v1/services/:name/scale'],
  rollBackService: ['POST', '/api/v1/services/:name/rollback'],
  getMap: ['GET', '/api/v1/map'],
  removeStack: ['DELETE', '/api/v1/stacks/:stack'],
  planStackFiles: ['GET', '/api/v1/stacks/:stack/files/plan'],
  applyStackFiles: ['POST', '/api/v1/stacks/:stack/files/apply'],
  getStackState: ['GET', '/api/v1/stacks/:stack/state'],
  listStackRevisions: ['GET', '/api/v1/stacks/:stack/revisions'],
  rollBackStack: ['POST', '/api/v1/stacks/:stack/rollback'],
  getStackStart: ['GET', '/api/v1/stacks/:stack/start'],
  getStackUsage: ['GET', '/api/v1/stacks/:stack/usage'],
  getStackLogs: ['GET', '/api/v1/stacks/:stack/logs'],
  listGaps: ['GET', '/api/v1/gaps'],
  getStackGaps: ['GET', '/api/v1/stacks/:stack/gaps'],
  auditStack: ['POST', '/api/v1/stacks/:stack/gaps/audit'],
  getStackGapHistory: ['GET', '/api/v1/stacks/:stack/gaps/history'],
  acceptGap: ['PUT', '/api/v1/stacks/:stack/gaps/:fingerprint/acceptance'],
  withdrawGapAcceptance: ['DELETE', '/api/v1/stacks/:stack/gaps/:fingerprint/acceptance'],
  previewGapFixes: ['POST', '/api/v1/stacks/:stack/gaps/fix-preview'],
  listGatewayRoutes: ['GET', '/api/v1/gateway/routes'],
  listGatewayUpstreams: ['GET', '/api/v1/gateway/upstreams'],
  listGatewayConsumers: ['GET', '/api/v1/gateway/consumers'],
  createGatewayConsumer: ['POST', '/api/v1/gateway/consumers'],
  deleteGatewayConsumer: ['DELETE', '/api/v1/gateway/consumers/:id'],
  createGatewayKey: ['POST', '/api/v1/gateway/consumers/:id/keys'],
  deleteGatewayCredential: ['DELETE', '/api/v1/gateway/credentials/:id'],
  listGatewayCertificates: ['GET', '/api/v1/gateway/certificates'],
  listGatewayCaches: ['GET', '/api/v1/gateway/caches'],
  purgeGatewayCache: ['POST', '/api/v1/gateway/caches/purge'],
  warmGatewayCache: ['POST', '/api/v1/gateway/caches/warm'],
  explainGateway: ['POST', '/api/v1/gateway/explain'],
  listGatewayDocuments: ['GET', '/api/v1/gateway/documents'],
  exportGateway: ['GET', '/api/v1/gateway/export'],
  applyGateway: ['PUT', '/api/v1/gateway/config'],
  listGatewayRevisions: ['GET', '/api/v1/gateway/revisions'],
  decideGatewayCanary: ['POST', '/api/v1/gateway/canary'],
  rollBackGateway: ['POST', '/api/v1/gateway/rollback'],
  getTimeline: ['GET', '/api/v1/timeline'],
  getSystem: ['GET', '/api/v1/system'],
  listAudit: ['GET', '/api/v1/audit'],
  getAuditState: ['GET', '/api/v1/audit/state'],
} as const satisfies {
  readonly [N in EndpointName]?: readonly [Api[N]['method'], Api[N]['path']]
}

type Query = Record<string, string | number | boolean | undefined>
export type Callable = keyof typeof endpoints

/** The platform said no, or something else answered in its place. */
export class CallError extends Error {
  readonly problem: Problem
  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options)
    this.name = 'CallError'
    this.problem = problem
  }
}

/** Not the 401 of a password that is wrong. */
export const isUnauthenticated = (error: unknown): boolean =>
  error instanceof CallError && error.problem.code === 'unauthenticated'

/** Calls one endpoint. Throws CallError for a refusal and for a platform out of reach. */
export const call = async <N extends Callable>(
  name: N,
  input?: CallInput<N>,
): Promise<CallOutput<N>> => {
  const given = (input ?? {}) as {
    params?: Record<string, string>
    query?: Query
    body?: unknown
    signal?: AbortSignal
  }
  const [method, path] = endpoints[name]
  const response = await send(pathOf(path, given.params, given.query), {
    method,
    headers: {
      accept: 'application/json',
      ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
    ...(given.signal === undefined ? {} : { signal: given.signal }),
  })
  if (response.status === 204) return undefined as CallOutput<N>
  return (await response.json()) as CallOutput<N>
}

/** Any JSON document of the platform that has no endpoint of its own, as its OpenAPI document. */
export const getDocument = async (path: string, signal: AbortSignal): Promise<unknown> => {
  const response = await send(path, { headers: { accept: 'application/json' }, signal })
  return response.json()
}

const send = async (url: string, init: RequestInit): Promise<Response> => {
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new CallError(outOfReach, { cause })
  }
  if (!response.ok) throw new CallError(await problemOf(response))
  return response
}

const pathOf = (
  path: string,
  params: Record<string, string> | undefined,
  query: Query | undefined,
): string => {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params?.[name] ?? ''),
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(name, String(value))
  }
  return search.size === 0 ? filled : `${filled}?${search}`
}

const outOfReach: Problem = {
  type: 'about:blank',
  title: 'Keelson does not answer',
  status: 0,
  detail: 'The platform is out of reach from this browser.',
  code: 'unreachable',
  hint: 'See whether it runs: keelson status',
}

const problemOf = async (response: Response): Promise<Problem> => {
  if (response.headers.get('content-type')?.startsWith('application/problem+json') === true) {
    return (await response.json()) as Problem
  }
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: response.status,
    detail: `${new URL(response.url).pathname} answered ${response.status}.`,
    code: 'internal',
    hint: 'Something between this browser and Keelson answered in its place.',
  }
}
