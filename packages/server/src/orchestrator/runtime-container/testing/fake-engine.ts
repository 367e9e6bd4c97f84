import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What an engine can be made to do to a request, and a real one cannot. */
export type EngineFault =
  | 'hang' // takes the request and never answers
  | 'reset' // cuts the connection
  | 'cut' // begins an answer and cuts the connection
  | { status: number; message: string }

type FakeContainer = {
  id: string
  name: string
  labels: Record<string, string>
  running: boolean
  exitCode: number
  created: boolean
}

/** A few routes of the Engine API over a socket, with faults put into them. */
export type FakeEngine = AsyncDisposable & {
  dockerHost: string
  /** `POST /containers/create` and so on, in order. */
  requests: string[]
  /** Requests whose `METHOD /path` matches get the fault, until it is null. */
  fault(match: RegExp, fault: EngineFault | null): void
  containers: Map<string, FakeContainer>
  /** Ends a container, and tells it as the engine would. */
  end(id: string, exitCode: number, options?: { silently: boolean }): void
  /** Cuts every stream of events. */
  cutEvents(): void
  /** How many listen to events. */
  readonly listeners: number
}

/** Starts a fake engine of API 1.41 on a socket of its own. */
export const startFakeEngine = async (): Promise<FakeEngine> => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-fake-engine-'))
  const socket = join(dir, 'docker.sock')
  const faults = new Map<RegExp, EngineFault>()
  const streams = new Set<ServerResponse>()
  const containers = new Map<string, FakeContainer>()

  const tell = (event: object): void => {
    for (const stream of streams) stream.write(`${JSON.stringify(event)}\n`)
  }

  const faultOf = (line: string): EngineFault | null => {
    for (const [match, fault] of faults) if (match.test(line)) return fault
    return null
  }

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://engine')
    const line = `${request.method ?? ''} ${url.pathname}`
    fake.requests.push(line)
    const fault = faultOf(line)
    if (fault === null) {
      void readBody(request).then((body) => route(line, url, body, response))
    } else if (fault === 'reset') request.socket.destroy()
    else if (fault === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"Id":')
      setImmediate(() => request.socket.destroy())
    } else if (fault !== 'hang') {
      response.writeHead(fault.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ message: fault.message }))
    }
  }

  const route = (line: string, url: URL, body: string, response: ServerResponse): void => {
    const json = (value: unknown, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    const [, key = '', verb = ''] = /\/containers\/([^/]+)\/?(\w*)/.exec(line) ?? []
    const container =
      containers.get(key) ?? [...containers.values()].find(({ name }) => name === key)
    if (line === 'GET /events') {
      streams.add(response.writeHead(200))
      response.flushHeaders()
      response.once('close', () => streams.delete(response))
    } else if (line === 'GET /version') json({ Version: 'fake', ApiVersion: '1.41' })
    else if (line === 'GET /info') json({})
    else if (line.startsWith('GET /images/')) json({ Id: 'sha256:fake', Config: {} })
    else if (line === 'GET /containers/json') json(listOf(url))
    else if (line === 'POST /containers/create') {
      const { Labels } = JSON.parse(body) as { Labels: Record<string, string> }
      const id = String(containers.size + 1).padStart(64, '0')
      const name = url.searchParams.get('name') ?? id
      containers.set(id, {
        ...{ id, name, labels: Labels },
        ...{ running: false, created: true, exitCode: 0 },
      })
      json({ Id: id }, 201)
    } else if (container === undefined) json({ message: 'no such thing' }, 404)
    else if (verb === 'json') json(inspectionOf(container))
    else if (verb === 'logs') response.writeHead(200).end()
    else if (verb === 'start') {
      Object.assign(container, { running: true, created: false })
      response.writeHead(204).end()
    } else if (verb === 'kill') {
      fake.end(container.id, 137)
      response.writeHead(204).end()
    } else if (line.startsWith('DELETE')) {
      containers.delete(container.id)
      response.writeHead(204).end()
    } else json({ message: `not faked: ${line}` }, 501)
  }

  const listOf = (url: URL): object[] => {
    const filters = JSON.parse(url.searchParams.get('filters') ?? '{}') as { label?: string[] }
    return [...containers.values()]
      .filter(({ running }) => running || url.searchParams.has('all'))
      .filter(({ labels }) =>
        (filters.label ?? []).every((text) => {
          const [name = '', value] = text.split('=')
          return value === undefined ? name in labels : labels[name] === value
        }),
      )
      .map(({ id, labels }) => ({ Id: id, Labels: labels }))
  }

  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const fake: FakeEngine = {
    dockerHost: `unix://${socket}`,
    requests: [],
    containers,
    fault: (match, fault) => {
      for (const known of faults.keys()) if (known.source === match.source) faults.delete(known)
      if (fault !== null) faults.set(match, fault)
    },
    end: (id, exitCode, { silently } = { silently: false }) => {
      const container = containers.get(id)
      if (container === undefined) return
      Object.assign(container, { running: false, exitCode })
      const Attributes = { exitCode: String(exitCode) }
      if (!silently) tell({ Action: 'die', Actor: { ID: id, Attributes } })
    },
    cutEvents: () => {
      for (const stream of streams) stream.destroy()
    },
    get listeners() {
      return streams.size
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(dir, { recursive: true, force: true })
    },
  }
  return fake
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

const inspectionOf = ({ id, name, labels, running, created, exitCode }: FakeContainer) => {
  const at = '2026-01-01T00:00:00.000000000Z'
  return {
    Id: id,
    Name: `/${name}`,
    State: {
      Status: running ? 'running' : created ? 'created' : 'exited',
      ...{ Running: running, Pid: running ? 1 : 0, ExitCode: exitCode, OOMKilled: false },
      ...{ StartedAt: at, FinishedAt: at },
    },
    Config: { Labels: labels, Tty: false, ExposedPorts: {} },
    HostConfig: { LogConfig: { Type: 'json-file' } },
    NetworkSettings: { Networks: { cases_default: { IPAddress: '10.0.0.2' } }, Ports: {} },
  }
}
