import type { Origin, ProblemDetail, ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { dependencyLevels } from './plan.ts'
import { fixedPorts, type FixedPort } from '../ports.ts'

/** Faults of a stack that can be seen without looking at this machine. */
export const stackFaults = (stack: StackSpec): ProblemDetail[] => {
  const names = new Set(stack.services.map(({ name }) => name))
  return [
    ...duplicates(stack),
    ...stack.services.flatMap((service) => serviceFaults(service, names)),
    ...portFaults(stack),
    ...cycleFaults(stack),
  ]
}

/** The place of what is said at a path, else that of the service. */
export const originOf = (service: ServiceSpec, path: string): { origin?: Origin } => {
  const origin = service.origins[path]?.[0] ?? service.origins['']?.[0]
  return origin === undefined ? {} : { origin }
}

const duplicates = (stack: StackSpec): ProblemDetail[] => {
  const seen = new Set<string>()
  return stack.services
    .filter(({ name }) => seen.has(name) || !seen.add(name))
    .map((service) => ({
      message: `service ${service.name} is there twice`,
      ...originOf(service, ''),
    }))
}

const serviceFaults = (service: ServiceSpec, names: ReadonlySet<string>): ProblemDetail[] => {
  const faults: ProblemDetail[] = []
  for (const { service: dependency, required } of service.dependsOn) {
    if (names.has(dependency) || !required) continue
    faults.push({
      message: `${service.name} depends on ${dependency}, which is not in this stack`,
      ...originOf(service, `dependsOn.${dependency}`),
    })
  }
  const program = [...(service.entrypoint ?? []), ...(service.command ?? [])]
  if (service.runtime === 'process' && program.length === 0) {
    faults.push({
      message: `${service.name} runs as a process and has no command`,
      ...originOf(service, ''),
      hint: 'Add command: with the program and its arguments.',
    })
  }
  if (service.runtime === 'container' && service.container === null) {
    faults.push({
      message: `${service.name} has neither image nor build`,
      ...originOf(service, ''),
    })
  }
  return [...faults, ...replicaFaults(service)]
}

/** Two services that fix the same port of this host: the second would never start. */
const portFaults = (stack: StackSpec): ProblemDetail[] => {
  const taken: TakenPort[] = []
  const faults: ProblemDetail[] = []
  for (const service of stack.services.filter(({ replicas }) => replicas > 0)) {
    for (const port of fixedPorts(service)) {
      const holder = taken.find((other) => isSamePort(other, port))?.service
      taken.push({ ...port, service: service.name })
      if (holder === undefined || holder === service.name) continue
      faults.push({
        message: `${holder} and ${service.name} both want port ${port.port}`,
        ...originOf(service, port.path),
        hint: 'Give one of them another port; only one program can listen on it.',
      })
    }
  }
  return faults
}

type TakenPort = FixedPort & { service: string }

const everywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
const isSamePort = (one: FixedPort, other: FixedPort): boolean =>
  one.port === other.port &&
  one.protocol === other.protocol &&
  (one.host === other.host || everywhere.has(one.host) || everywhere.has(other.host))

/**
 * Ports that a service of another stack has, also while it does not run. `others` are the services
 * that are to run; engine and system would say so at the start, when half of the stack is up.
 */
export const portsOfOthers = (
  stack: StackSpec,
  others: readonly { stack: string; spec: ServiceSpec }[],
): ProblemDetail[] => {
  const taken = others.flatMap((other) =>
    other.spec.replicas > 0 ? fixedPorts(other.spec).map((port) => ({ ...port, ...other })) : [],
  )
  return stack.services
    .filter(({ replicas }) => replicas > 0)
    .flatMap((service) =>
      fixedPorts(service).flatMap((port) => {
        const holder = taken.find((other) => isSamePort(other, port))
        if (holder === undefined) return []
        const message = `port ${port.port} is in use by ${holder.spec.name} of the stack ${holder.stack}, and service ${service.name} wants it`
        const hint = 'Stop the other service, or change the port in the file.'
        return [{ message, hint, ...originOf(service, port.path) }]
      }),
    )
}

const replicaFaults = (service: ServiceSpec): ProblemDetail[] => {
  if (service.replicas < 2) return []
  const faults: ProblemDetail[] = []
  const fixed = service.ports.find(({ published }) => published !== undefined)
  if (fixed?.published !== undefined) {
    faults.push({
      message: `${service.name} has ${service.replicas} replicas, and only one can have port ${fixed.published}`,
      ...originOf(service, 'ports'),
      hint: 'Name only the port inside, and reach the replicas through a route or by name.',
    })
  }
  if (typeof service.port === 'number' && service.runtime === 'process') {
    faults.push({
      message: `${service.name} has ${service.replicas} replicas, and only one can have port ${service.port}`,
      ...originOf(service, 'port'),
      hint: 'Use x-keelson: { port: auto } and listen on $PORT.',
    })
  }
  return faults
}

const cycleFaults = (stack: StackSpec): ProblemDetail[] => {
  const done = new Set<string>()
  for (const level of dependencyLevels(stack.services)) {
    for (const name of level) {
      const service = stack.services.find((candidate) => candidate.name === name)
      const early = service?.dependsOn.find(
        ({ service: dependency }) => !done.has(dependency) && inStack(stack, dependency),
      )
      if (service === undefined || early === undefined) continue
      const message = `${name} and ${early.service} wait for each other`
      return [{ message, ...originOf(service, `dependsOn.${early.service}`) }]
    }
    for (const name of level) done.add(name)
  }
  return []
}

const inStack = (stack: StackSpec, name: string): boolean =>
  stack.services.some((service) => service.name === name)

/** Throws stack_invalid with all faults; its message is the first of them. */
export const refuseFaults = (faults: readonly ProblemDetail[]): void => {
  const [first] = faults
  if (first === undefined) return
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''
  throw new AppError(
    'stack_invalid',
    { message: `${first.message}${more}` },
    { errors: faults, ...(first.hint === undefined ? {} : { hint: first.hint }) },
  )
}

/** Text that neither PostgreSQL nor a process can be given: NUL, and halves of characters. */
export const textFaults = (stack: StackSpec): ProblemDetail[] =>
  [stack, ...stack.services].flatMap((part) => {
    const text = JSON.stringify('services' in part ? { ...part, services: [] } : part)
    const bad = /(?<!\\)(?:\\\\)*\\u(0000|d[89a-f][0-9a-f]{2})/i.exec(text)
    if (bad === null) return []
    const message = `${part.name} has the character U+${bad[1]?.toUpperCase()} in a name or a value`
    return [{ message, hint: 'Remove it; only whole characters other than NUL can be passed on.' }]
  })
