import type { categories, updateStrategies } from './keelson-schema.ts'

export type Category = (typeof categories)[number]
export type UpdateStrategy = (typeof updateStrategies)[number]

/** `x-keelson` of a service. */
export type ServiceExtension = {
  category?: Category
  /** The port the service listens on, told to it in the environment variable `env`. */
  port?: { number: number | 'auto'; env: string }
  probe?: Probe
  routes: Route[]
  /** A database of this name is made for the service. */
  database?: string
  description?: string
  owner?: string
  protocol?: 'http' | 'tcp'
  /** How new instances take the place of old ones. */
  update?: UpdateStrategy
  /** How long a pre_start or a post_start hook may take. */
  hookTimeoutMs?: number
}

/** Exactly one of `http` and `tcp`. A port left out is the service's own. */
export type Probe = {
  http?: { path: string; port?: number; status: { min: number; max: number } }
  tcp?: { port?: number }
  intervalMs?: number
  timeoutMs?: number
  retries?: number
  startPeriodMs?: number
}

export type Route = {
  host?: string
  path: string
  /** Take `path` off before the request is passed on. */
  stripPath: boolean
  port?: number
  timeoutMs?: number
  /** Empty: all. */
  methods: string[]
  /** Of the gateway, as Kong names and configures them. */
  plugins: RoutePlugin[]
}

export type RoutePlugin = { name: string; config: Record<string, unknown> }
