import { plainService, plainStack } from '@keelson/contract'
import type { BoundPort, ServiceSpec, StackSpec } from '@keelson/contract'
import type { Clock } from '../kernel/clock.ts'
import { localHostOf } from '../kernel/context.ts'
import type { Env } from '../kernel/env.ts'
import type { EmbeddedPostgres } from '../kernel/postgres/index.ts'
import { healthPath } from '../gateway/index.ts'
import { ownStack, type Orchestrator } from '../orchestrator/index.ts'
import { serviceIdOf, type InstanceFacts, type Registry } from '../registry/index.ts'

/** Keelson's own parts, described as services like any other. */
const part = (name: string, description: string, more: Partial<ServiceSpec>): ServiceSpec => ({
  name,
  ...plainService,
  description,
  category: 'infrastructure',
  ...more,
})

const probeOf = (kind: 'http' | 'tcp', port: number, path = '/') => ({
  ...(kind === 'http' ? { kind, path } : { kind }),
  port,
  intervalMs: 2000,
  timeoutMs: 2000,
  retries: 3,
  startPeriodMs: 10_000,
  startIntervalMs: 200,
})

const needs = (service: string) => ({
  service,
  condition: 'service_started' as const,
  required: true,
  restart: false,
})

/** The stack of the gateway, which the orchestrator runs like a service of anybody. */
export const ownStackSpec = (env: Env, mainFile: string): StackSpec => ({
  name: ownStack,
  description: "Keelson's own parts",
  ...plainStack,
  workingDir: env.dataDir,
  services: [
    part('gateway', 'The way in: routes requests to healthy instances', {
      command: [process.execPath, ...execArguments, mainFile, '--target=gateway'],
      environment: gatewayEnvironment(env),
      port: env.gatewayPort,
      probe: probeOf('http', env.gatewayPort, healthPath),
    }),
  ],
})

/** Small heaps: the gateway's work is in buffers outside of them. */
const execArguments = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2']

/** A target is told where it belongs; the database it finds by a file in the data folder. */
const gatewayEnvironment = (env: Env): Record<string, string> => {
  const compileCache = process.env['NODE_COMPILE_CACHE']
  return {
    KEELSON_DATA_DIR: env.dataDir,
    KEELSON_HOST: localHostOf(env),
    KEELSON_PORT: String(env.port),
    KEELSON_GATEWAY_PORT: String(env.gatewayPort),
    KEELSON_GATEWAY_TLS_PORT: String(env.gatewayTlsPort),
    KEELSON_GATEWAY_STREAM_PORTS: env.gatewayStreamPorts.join(),
    KEELSON_GATEWAY_PLUGINS: env.gatewayPlugins ?? '',
    KEELSON_GATEWAY_TRUSTED_PROXIES: env.gatewayTrustedProxies.join(),
    KEELSON_GATEWAY_PROXY_PROTOCOL: env.gatewayProxyProtocol.join(),
    KEELSON_GATEWAY_WORKERS: String(env.gatewayWorkers),
    KEELSON_LOG_LEVEL: env.logLevel,
    // Without it a process keeps the type stripper in memory: 18 MB more, measured on Node 24.21.
    ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }),
  }
}

type OwnDeps = { registry: Registry; orchestrator: Orchestrator; clock: Clock; env: Env }

/** Declares what runs without the orchestrator: this process, and the embedded PostgreSQL. */
export const declareOwnParts = (deps: OwnDeps, postgres: EmbeddedPostgres | null): void => {
  const { env } = deps
  const startedAt = new Date(deps.clock.now().getTime() - process.uptime() * 1000)
  const database = postgres === null ? [] : [needs('postgres')]
  const control = part('control', 'The platform: API, page, orchestrator, probes', {
    dependsOn: database,
    probe: probeOf('http', env.port, '/healthz'),
  })
  declare(deps, control)
  put(deps, 'control', {
    pid: process.pid,
    startedAt,
    ports: [loopback(localHostOf(env), env.port)],
  })
  if (postgres === null) return
  const { port } = postgres.connection
  declare(deps, part('postgres', 'The embedded PostgreSQL', { probe: probeOf('tcp', port) }))
  let restarts = 0
  const tell = (): void => {
    const { name, reason, since } = postgres.state
    const running = name === 'running'
    put(deps, 'postgres', {
      pid: running ? postgres.pid : null,
      startedAt: since,
      adopted: postgres.adopted && restarts === 0,
      ports: [loopback('127.0.0.1', port)],
      restarts,
      ...(running
        ? {}
        : { phase: name === 'stopped' ? 'stopped' : 'backoff', phaseReason: reason }),
    })
  }
  postgres.onStateChange(({ name }) => {
    if (name === 'recovering') restarts += 1
    tell()
  })
  tell()
}

const loopback = (host: string, port: number): BoundPort => ({
  target: port,
  host,
  port,
  protocol: 'tcp',
})

const declare = ({ registry }: OwnDeps, spec: ServiceSpec): void =>
  registry.declare({
    id: serviceIdOf(ownStack, spec.name),
    stack: ownStack,
    spec,
    builtIn: true,
    upstreams: [],
    injected: {},
  })

const put = (
  { registry, orchestrator, clock }: OwnDeps,
  service: string,
  facts: Partial<InstanceFacts>,
): void => {
  const name = `${ownStack}-${service}-1`
  registry.put({
    name,
    serviceId: serviceIdOf(ownStack, service),
    index: 1,
    runtime: 'process',
    phase: 'running',
    phaseReason: '',
    phaseSince: clock.now(),
    wanted: true,
    troubled: false,
    adopted: false,
    pid: null,
    containerId: null,
    ports: [],
    startedAt: null,
    restarts: 0,
    exitCode: null,
    nextStartAt: null,
    ...facts,
  })
  orchestrator.vouchFor(name)
}
