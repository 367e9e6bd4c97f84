import type {
  ContainerSpec,
  MountSpec,
  ProblemDetail,
  ServiceSpec,
  StackSpec,
} from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { Engine } from './engine.ts'
import { copiedFiles } from './mount-options.ts'

/** A field that only newer engines know, and the version of the API that brought it. */
type Need = { path: string; api: readonly [number, number]; engine: string }

const need = (path: string, minor: number, engine: string): Need => ({
  path,
  api: [1, minor],
  engine,
})

/**
 * What of a service needs a newer engine. An older one passes over fields it does not know, and the
 * container would run without them.
 */
const needsOf = (spec: ServiceSpec, container: ContainerSpec): Need[] => {
  const needs: Need[] = []
  for (const [key, network] of Object.entries(container.networks)) {
    const path = `networks.${key}`
    if (network.gatewayPriority !== undefined) needs.push(need(`${path}.gw_priority`, 48, '28.0'))
    if (network.interfaceName !== undefined) needs.push(need(`${path}.interface_name`, 49, '28.1'))
    const addresses = Object.values(container.networks).filter((other) => other.macAddress)
    if (network.macAddress !== undefined && addresses.length > 1) {
      needs.push(need(`${path}.mac_address`, 44, '25.0'))
    }
  }
  container.mounts.forEach((mount, at) => {
    needs.push(...mountNeeds(mount, `volumes.${at}`))
  })
  if (container.annotations !== undefined) needs.push(need('annotations', 43, '24.0'))
  if (spec.files.length > 0) copiedFiles(spec, container)
  return needs
}

const mountNeeds = ({ kind, subpath, recursive }: MountSpec, path: string): Need[] => {
  const needs: Need[] = []
  if (kind === 'image') needs.push(need(`${path}.type`, 48, '28.0'))
  else if (kind === 'cluster') needs.push(need(`${path}.type`, 42, '23.0'))
  if (kind === 'image' && subpath !== undefined) {
    needs.push(need(`${path}.image.subpath`, 48, '28.0'))
  }
  if (kind === 'volume' && subpath !== undefined) {
    needs.push(need(`${path}.volume.subpath`, 45, '26.0'))
  }
  if (recursive === 'writable' || recursive === 'readonly') {
    needs.push(need(`${path}.bind.recursive`, 44, '25.0'))
  }
  return needs
}

/**
 * Refuses what the engine at hand is too old for, before anything is made.
 * Throws AppError('stack_invalid') with every field and its place.
 */
export const refuseUnsupported = async (
  engine: Engine,
  stack: Pick<StackSpec, 'services'> & Partial<Pick<StackSpec, 'networks'>>,
): Promise<void> => {
  const wanted = [
    ...stack.services.flatMap((spec) =>
      spec.container === null
        ? []
        : needsOf(spec, spec.container).map((found) => ({ ...found, spec })),
    ),
    ...Object.entries(stack.networks ?? {}).flatMap(([key, { enableIpv4 }]) =>
      enableIpv4 === undefined
        ? []
        : [{ ...need(`networks.${key}.enable_ipv4`, 48, '28.0'), spec: null }],
    ),
  ]
  if (wanted.length === 0) return
  const [major, minor] = await engine.apiVersion()
  const errors = wanted
    .filter(({ api }) => api[0] > major || (api[0] === major && api[1] > minor))
    .map(({ path, engine, spec }): ProblemDetail => {
      const whose = spec === null ? path : `${path} of service ${spec.name}`
      const origin = spec === null ? undefined : originOf(spec, path)
      const message = `${whose} needs Docker Engine ${engine} or newer; this one speaks API ${major}.${minor}`
      const hint = `Update the engine, or leave out ${path}.`
      return { message, hint, ...(origin === undefined ? {} : { origin }) }
    })
  const [first] = errors
  if (first === undefined) return
  throw new AppError(
    'stack_invalid',
    { message: first.message },
    { hint: first.hint ?? '', errors },
  )
}

/** Where a path inside a service, or the closest thing around it, is written. */
export const originOf = (spec: ServiceSpec, path: string): ProblemDetail['origin'] => {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const [origin] = spec.origins[at] ?? []
    if (origin !== undefined || at === '') return origin
  }
}
