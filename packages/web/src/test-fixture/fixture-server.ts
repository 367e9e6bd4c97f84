import type {
  ActionProgress,
  FilesPlan,
  LiveMessages,
  LogLine,
  LogPage,
  ServiceSummary,
  Stack,
  StackState,
  System,
} from '@keelson/contract'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { createAccess } from './fixture-access.ts'
import { createAudit } from './fixture-audit.ts'
import * as data from './fixture-data.ts'
import { createGaps } from './fixture-gaps.ts'
import { createPeople } from './fixture-people.ts'
import { createPrograms } from './fixture-programs.ts'
import { fixtureOpenApi } from './fixture-openapi.ts'
import * as stackData from './fixture-stack.ts'
import { createGateway } from './gateway-answers.ts'
import { Refusal, type Told } from './refusal.ts'

/**
 * Stands in for the platform: the built page under the policy it is served with, the API of the
 * contract over fixed data, and a live stream that a test can feed and break.
 */

/** What the page needs, and nothing more: no inline script, no inline style, nobody else's host. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const sessionCookie = 'keelson_session=fixture'
const dist = new URL('../../dist/', import.meta.url).pathname

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** First parts of the paths that fixture-people answers. */
const peopleResources = new Set([
  ...['session', 'sign-in', 'links', 'users', 'account', 'device-requests'],
])

const isSession = (told: unknown): boolean =>
  typeof told === 'object' && told !== null && 'actor' in told

/** What is answered to who is not signed in. */
const openPaths = /^\/api\/v1\/(?:sign-in$|links\/|session\/(?:passkey|second-factor))/

type Stream = { response: ServerResponse; topics: Set<string> }

export const startFixture = async (port = 0) => {
  let services = data.services.map((service) => ({ ...service }))
  let stacks: Stack[] = data.stacks
  let lines: LogLine[] = Array.from({ length: 3000 }, (_, index) => data.logLine(index))
  let position = 100
  let streamsAllowed = true
  let systemChange: Partial<System> = {}
  let patchState = (state: StackState): StackState => state
  let files: FilesPlan | Refusal = stackData.filesPlan
  const streams = new Set<Stream>()
  const calls: string[] = []

  const send = (topic: string, message: unknown, durable = false) => {
    position += 1
    const id = durable ? `id: ${position}\n` : ''
    for (const { response, topics } of streams) {
      if (topics.has(topic)) {
        response.write(`${id}event: ${topic}\ndata: ${JSON.stringify(message)}\n\n`)
      }
    }
  }

  const gateway = createGateway()
  const people = createPeople()
  const access = createAccess()
  const programs = createPrograms()
  const audit = createAudit()
  const gaps = createGaps((stack) => send('gaps', { stack }))

  const live = (url: URL, response: ServerResponse) => {
    if (!streamsAllowed) throw new Refusal(503, 'No stream now')
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const hello: LiveMessages['hello'] = { version: '0.1.0', position: String(position) }
    response.write(`retry: 200\nevent: hello\ndata: ${JSON.stringify(hello)}\n\n`)
    const stream = { response, topics: new Set((url.searchParams.get('topics') ?? '').split(',')) }
    streams.add(stream)
    response.on('close', () => streams.delete(stream))
  }

  const getService = (id: string): ServiceSummary => {
    const found = services.find((service) => service.id === id)
    if (found === undefined) throw new Refusal(404, `There is no service ${id}`)
    return found
  }

  const pageOfLogs = (query: URLSearchParams): LogPage => {
    const limit = Number(query.get('limit') ?? 200)
    const instance = query.get('instance')
    const contains = query.get('contains')?.toLowerCase() ?? ''
    const services = query.get('services')?.split(',')
    const wanted = lines.filter(
      (line) =>
        (instance === null || line.instance === instance) &&
        (services === undefined || services.includes(line.instance.split('-')[1] ?? '')) &&
        line.text.toLowerCase().includes(contains),
    )
    const at = (cursor: string) => wanted.findIndex((line) => line.cursor === cursor)
    const after = query.get('after')
    const before = query.get('before')
    const end = before === null ? wanted.length : at(before)
    const start = after === null ? Math.max(0, end - limit) : at(after) + 1
    const items = wanted.slice(start, Math.min(end, start + limit))
    return {
      items,
      previousCursor: start > 0 ? (items[0]?.cursor ?? null) : null,
      nextCursor: items.at(-1)?.cursor ?? null,
    }
  }

  const removeStack = (name: string) => {
    stacks = stacks.filter((stack) => stack.name !== name)
    services = services.filter((service) => service.stack !== name)
    send('stacks', { stack: name, removed: true }, true)
    return undefined
  }

  const aboutService = (name: string, part: string | undefined, query: URLSearchParams) => {
    const service = getService(name)
    switch (part) {
      case undefined:
        return data.detailOf(service)
      case 'health': {
        const spans = data.spans()
        return { from: spans[0]?.from, to: spans.at(-1)?.to, spans }
      }
      case 'why':
        return data.whyOf(service)
      case 'logs':
        return pageOfLogs(query)
      case 'timeline':
        return {
          items: data.timeline.filter(({ subject }) => subject === name),
          nextCursor: null,
        }
      default:
        return service
    }
  }

  const stateOf = (name: string): StackState => {
    const stack = stacks.find((one) => one.name === name)
    if (stack === undefined) throw new Refusal(404, `There is no stack ${name}`)
    return patchState(stackData.stackStateOf(stack, services))
  }

  const answerFiles = (verb: string | undefined, query: URLSearchParams) => {
    if (files instanceof Refusal) throw files
    if (verb === 'plan') return files
    if (query.get('plan') !== files.plan.digest) {
      throw new Refusal(409, 'The plan for shop has changed since it was made')
    }
    const { plan } = files
    files = { ...files, changed: [], plan: { ...plan, digest: 'none', actions: [] } }
    return plan
  }

  const aboutStack = (
    name: string,
    [part, more]: readonly (string | undefined)[],
    query: URLSearchParams,
  ) => {
    const state = stateOf(name)
    switch (part) {
      case 'state':
        return state
      case 'revisions':
        return { items: state.stack.builtIn ? [] : stackData.revisions, nextCursor: null }
      case 'rollback':
        return stackData.rollbackPlan
      case 'files':
        return answerFiles(more, query)
      case 'start':
        return state.stack.builtIn ? stackData.unseenStart(state.stack) : stackData.start
      case 'usage':
        return stackData.usageOf(state)
      case 'logs':
        return pageOfLogs(query)
      case undefined:
      default:
        return state.stack
    }
  }

  const aboutGaps = (
    method: string,
    stack: string,
    rest: readonly (string | undefined)[],
    body: unknown,
  ): unknown => {
    const found = gaps.answer(method, stack, rest, body)
    if (found === undefined) throw new Refusal(404, `There are no gaps of ${stack}`)
    return found
  }

  const answer = (method: string, url: URL, body: unknown, response: ServerResponse): unknown => {
    const [, , , resource, name, part, more, last] = url.pathname.split('/').map(decodeURIComponent)
    if (resource === 'gateway') {
      return gateway.answer(method, [name, part, more], { query: url.searchParams, body })
    }
    const granted =
      access.answer(method, [resource, name, part, more], { query: url.searchParams, body }) ??
      programs.answer(method, [resource, name, part, more], { query: url.searchParams, body })
    if (granted !== undefined) return granted.told
    if (peopleResources.has(resource ?? '') && `${method} ${resource}` !== 'DELETE session') {
      const given = { query: url.searchParams, body }
      const told = people.answer(method, [resource, name, part, more], given)
      if (method === 'POST' && isSession(told)) {
        response.setHeader('set-cookie', `${sessionCookie}; Path=/; HttpOnly`)
      }
      return told
    }
    if (part === 'gaps') return aboutGaps(method, name ?? '', [more, last], body)
    switch (`${method} ${resource}`) {
      case 'DELETE session':
        response.setHeader('set-cookie', 'keelson_session=; Path=/; Max-Age=0')
        return undefined
      case 'GET audit':
        return audit.answer(name, url.searchParams)
      case 'GET overview':
        return data.overviewOf(services, stacks)
      case 'GET services':
        if (name !== undefined) return aboutService(name, part, url.searchParams)
        return { items: services, nextCursor: null }
      case 'POST services':
      case 'PUT services':
        return getService(name ?? '')
      case 'GET gaps':
        return gaps.list()
      case 'GET map':
        return data.mapOf(services)
      case 'GET system':
        return { ...data.system(), ...systemChange }
      case 'GET stacks':
      case 'POST stacks':
        return aboutStack(name ?? '', [part, more], url.searchParams)
      case 'DELETE stacks':
        return removeStack(name ?? '')
      case 'GET openapi.json':
        return fixtureOpenApi()
      default:
        throw new Refusal(404, `Nothing at ${url.pathname}`)
    }
  }

  const isSignedIn = (request: IncomingMessage) =>
    request.headers.cookie?.includes(sessionCookie) === true

  const handleApi = async (request: IncomingMessage, url: URL, response: ServerResponse) => {
    const method = request.method ?? 'GET'
    calls.push(`${method} ${url.pathname}${url.searchParams.has('dryRun') ? '?dryRun' : ''}`)
    const isOpen =
      (method === 'POST' && url.pathname === '/api/v1/session') || openPaths.test(url.pathname)
    if (!isOpen && !isSignedIn(request)) throw new Refusal(401, 'You are not signed in')
    if (url.pathname === '/api/v1/live') {
      live(url, response)
      return
    }
    const result = answer(method, url, await bodyOf(request), response)
    if (result === undefined) response.writeHead(204).end()
    else {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(result))
    }
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://fixture')
    const handled = url.pathname.startsWith('/api/')
      ? handleApi(request, url, response)
      : servePage(url.pathname, response)
    handled.catch((error: unknown) => refuse(response, error))
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: bound } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${bound}`,
    calls,
    patchService: (id: string, change: Partial<ServiceSummary>) => {
      services = services.map((service) =>
        service.id === id ? { ...service, ...change } : service,
      )
      send('services', getService(id), true)
    },
    /** What the person who is signed in may do from now on, and that on every object. */
    permit: (...permissions: string[]) => {
      people.permit(permissions)
      gaps.permit(permissions)
      const mayOf = <T extends string>(may: readonly T[]): T[] =>
        may.filter((right) => permissions.includes(right))
      services = services.map((service) => ({ ...service, may: mayOf(service.may) }))
      stacks = stacks.map((stack) => ({ ...stack, may: mayOf(stack.may) }))
    },
    /** Who may use it, and what was asked of them. */
    people,
    /** Roles, teams and grants, and what was asked of them. */
    access,
    /** Service accounts, tokens and providers, and what was asked of them. */
    programs,
    /** What was done, and what of it was looked for. */
    audit,
    /** What is told of stacks from now on. */
    patchStates: (patch: (state: StackState) => StackState) => {
      patchState = patch
      for (const { id } of services) send('services', getService(id), true)
    },
    /** What is told of the platform itself from now on. */
    patchSystem: (change: Partial<System>) => {
      systemChange = change
    },
    /** What audits say from now on, and that they do. */
    gaps,
    /** What the gateway is from now on. */
    gateway,
    /** What the files are to a plan from now on. */
    changeFiles: (change: Partial<FilesPlan>) => {
      files = { ...stackData.filesPlan, ...change }
    },
    refuseFiles: (message: string, told: Told) => {
      files = new Refusal(409, message, told)
    },
    sendAction: (action: ActionProgress) => send('actions', action),
    sendTraffic: () => send('traffic', data.traffic),
    sendPing: () => {
      for (const { response } of streams) response.write('event: ping\ndata: {}\n\n')
    },
    /** Writes lines as the service would: into the log, and to whoever follows it. */
    writeLogs: (serviceId: string, added: LogLine[]) => {
      lines = lines.concat(added)
      send(`logs:${serviceId}`, added)
    },
    lineCount: () => lines.length,
    streamCount: () => streams.size,
    openTopics: () => [...streams].flatMap(({ topics }) => [...topics]),
    breakStreams: () => {
      streamsAllowed = false
      for (const { response } of streams) response.destroy()
    },
    mendStreams: () => {
      streamsAllowed = true
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type Fixture = Awaited<ReturnType<typeof startFixture>>

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as unknown)
}

const servePage = async (pathname: string, response: ServerResponse) => {
  const wanted = extname(pathname) === '' ? 'index.html' : normalize(pathname).replace(/^\/+/, '')
  const path = join(dist, wanted)
  response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream')
  response.setHeader('content-security-policy', contentSecurityPolicy)
  // As the platform has it: named by its content, an asset never changes.
  const isAsset = wanted.startsWith('assets/')
  response.setHeader('cache-control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache')
  response.end(await readFile(path))
}

const refuse = (response: ServerResponse, error: unknown) => {
  const status = error instanceof Refusal ? error.status : 404
  const detail = error instanceof Error ? error.message : String(error)
  response.writeHead(status, { 'content-type': 'application/problem+json' })
  response.end(
    JSON.stringify({
      type: 'about:blank',
      title: status === 401 ? 'Sign in first' : 'Refused',
      status,
      detail,
      code: status === 401 ? 'unauthenticated' : 'not_found',
      hint: '',
      ...(error instanceof Refusal ? error.told : {}),
    }),
  )
}
