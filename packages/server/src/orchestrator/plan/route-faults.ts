import type { Origin, ProblemDetail, RouteSpec, ServiceSpec, StackSpec } from '@keelson/contract'

/** What the gateway keeps for the platform. */
const reservedPath = '/api'

/**
 * Routes that could never be reached: of two services with the same host and path only one would
 * get the requests, and `/api` is the platform's. `others` are the stacks that run beside it.
 */
export const routeFaults = (stack: StackSpec, others: readonly StackSpec[]): ProblemDetail[] => {
  const taken = new Map<string, string>()
  for (const other of others.filter(({ name }) => name !== stack.name)) {
    for (const service of other.services) {
      for (const route of service.routes) taken.set(keyOf(route), `${other.name}/${service.name}`)
    }
  }
  const faults: ProblemDetail[] = []
  for (const service of stack.services) {
    for (const route of service.routes) {
      const holder = taken.get(keyOf(route))
      const shown = keyOf(route)
      if (isReserved(route)) {
        faults.push({
          message: `${service.name} asks for the route ${shown}, which is the platform's own`,
          hint: `Choose a path outside of ${reservedPath}, or give the route a host.`,
          ...originOf(service),
        })
      } else if (holder === undefined) {
        taken.set(keyOf(route), `${stack.name}/${service.name}`)
      } else {
        faults.push({
          message: `${service.name} asks for the route ${shown}, which ${holder} has`,
          hint: 'Choose another path, or give one of the two a host.',
          ...originOf(service),
        })
      }
    }
  }
  return faults
}

const keyOf = ({ host, path }: RouteSpec): string =>
  `${host?.toLowerCase() ?? ''}${path.length > 1 ? path.replace(/\/+$/, '') : path}`

const isReserved = ({ path }: RouteSpec): boolean =>
  path === reservedPath || path.startsWith(`${reservedPath}/`)

const originOf = (service: ServiceSpec): { origin?: Origin } => {
  const origin =
    service.origins['routes']?.[0] ??
    service.origins['x-keelson.route']?.[0] ??
    service.origins['']?.[0]
  return origin === undefined ? {} : { origin }
}
