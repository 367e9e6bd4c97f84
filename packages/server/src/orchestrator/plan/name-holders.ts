import type { ProblemDetail, ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { Places } from '../places.ts'
import type { ContainerHolder, Runtime } from '../runtime.ts'
import { isOtherFolder } from './other-folder.ts'
import { originOf } from './stack-check.ts'

type HolderDeps = { containers: Runtime; placesOf: Places['placesOf'] }

/**
 * Containers of others that have a name which a service of the stack wants, and projects of its
 * name that are somebody else's: the engine would say so at the start, when half of the stack is
 * up. Without an engine there are none; that it is away is told elsewhere.
 */
export const holderFaults = async (
  stack: StackSpec,
  { containers, placesOf }: HolderDeps,
): Promise<ProblemDetail[]> => {
  const mine = stack.services.filter(({ runtime }) => runtime === 'container')
  if (mine.length === 0 || containers.resources?.holders === undefined) return []
  const all = await containers.resources.holders().catch((error: unknown) => {
    if (error instanceof AppError) return []
    throw error
  })
  const byName = new Map(all.map((holder) => [holder.name, holder]))
  const faults = await projectFaults(stack, all)
  for (const service of mine) {
    for (const name of namesOf(stack, service, placesOf)) {
      const holder = byName.get(name)
      if (holder === undefined || (await givesWay(holder, stack, service))) continue
      faults.push(nameFault(service, name, holder))
    }
  }
  return faults
}

const namesOf = (
  stack: StackSpec,
  service: ServiceSpec,
  placesOf: Places['placesOf'],
): readonly string[] => {
  const { containerName } = service.container ?? {}
  const places = placesOf(stack.name, service)
  return containerName !== undefined && places.length <= 1
    ? [containerName]
    : places.map(({ name }) => name)
}

/** It goes when the stack is applied, or is taken over, or has ended and gives its name up. */
const givesWay = async (
  { whose, stack: of, service: as, folder, running }: ContainerHolder,
  stack: StackSpec,
  service: ServiceSpec,
): Promise<boolean> => {
  if (whose === 'ours') return of === stack.name || !running
  const isOfProject = whose === 'compose' && of === stack.name && as === service.name
  return isOfProject && !(await isOtherFolder(folder, stack.workingDir))
}

const nameFault = (service: ServiceSpec, name: string, holder: ContainerHolder): ProblemDetail => {
  const isGiven = service.container?.containerName === name
  const other = isGiven
    ? 'the service another container_name:'
    : 'the service or the stack another name'
  const rename = `Give that one another name (docker rename ${name} ${name}-old)`
  const stop = `Stop ${holder.stack ?? ''}/${holder.service ?? ''}`
  return {
    message: `service ${service.name} wants the container name ${name}, which ${describeHolder(holder)} has`,
    hint: `${holder.whose === 'ours' ? stop : rename}, or give ${other}.`,
    ...originOf(service, isGiven ? 'container_name' : ''),
  }
}

/** Who has it, as a person knows it. */
const describeHolder = ({ whose, stack, service, folder, image }: ContainerHolder): string => {
  const of = service === null ? '' : `service ${service} of `
  const from = folder === null ? '' : ` in ${folder}`
  switch (whose) {
    case 'ours':
      return `${of}the stack ${stack ?? ''}`
    case 'keelson':
      return `${of}the stack ${stack ?? ''}${from} of another Keelson`
    case 'compose':
      return `${of}the Docker Compose project ${stack ?? ''}${from}`
    case 'nobody':
      return `a container that Keelson has not made (of the image ${image})`
  }
}

/** Taking over, or starting beside it on the same volumes, would both be a bad surprise. */
const projectFaults = async (
  stack: StackSpec,
  all: readonly ContainerHolder[],
): Promise<ProblemDetail[]> => {
  const running = all.filter(
    ({ whose, stack: of, running }) => whose === 'compose' && of === stack.name && running,
  )
  const byFolder = new Map(running.map((holder) => [holder.folder, holder]))
  const faults: ProblemDetail[] = []
  for (const [folder, { name }] of byFolder) {
    if (!(await isOtherFolder(folder, stack.workingDir))) continue
    faults.push({
      message: `a Docker Compose project named ${stack.name} runs from ${folder ?? ''} (${name}), and this stack is in ${stack.workingDir}`,
      hint: `End it there (docker-compose -p ${stack.name} down), or give this stack another name: name: in the file.`,
    })
  }
  return faults
}
