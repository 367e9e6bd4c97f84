import { join } from 'node:path'
import type { StackObservation } from '@keelson/contract'
import { describeListener, listListeners } from '@keelson/contract/listeners'
import { systemOf, type RunningEvidence, type System } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { usageError } from '../failure.ts'
import { evidenceOf } from './evidence.ts'
import {
  dockerSocketOf,
  findEngine,
  type DockerEngine,
  type ProjectContainer,
} from './live-docker.ts'
import { findStacks, realPath, type RunningStack } from './live-platform.ts'

/** Looks at what runs of each reading of the files, and says afterwards who saw it. */
export type Looker = {
  running: (system: System) => Promise<RunningEvidence | undefined>
  /** `Keelson`, `the Docker Engine at …`; undefined when nothing was seen. */
  seenBy: () => string | undefined
}

type Engine = DockerEngine | { fault: string }

/**
 * What runs of a repository: by the platform of this user where it has the stack, else by a Docker
 * Engine. Without either there is nothing to hold the files against, which is an error.
 */
export const createLooker = async (context: Context): Promise<Looker> => {
  const stacks = await findStacks(context.dataFolder).catch(() => [])
  const socket = dockerSocketOf(context.env)
  const engine: Engine =
    socket === undefined
      ? { fault: `DOCKER_HOST is ${context.env['DOCKER_HOST']}, and only sockets are asked` }
      : await findEngine(socket)
  if (stacks.length === 0 && 'fault' in engine) throw nobodySees(context, socket, engine.fault)
  const seen = new Set<string>()
  const project = context.shared.projectName
  return {
    seenBy: () => (seen.size === 0 ? undefined : [...seen].join(' and ')),
    async running(system) {
      const stack = stackOf(system, stacks)
      if (stack !== undefined) {
        seen.add('Keelson')
        return evidenceOf(await stack.observe())
      }
      if ('fault' in engine) return undefined
      const found = await observeProject(engine, system, project)
      if (found === undefined) return undefined
      seen.add(`the Docker Engine at ${engine.socket}`)
      return evidenceOf(found)
    },
  }
}

const pathsOf = ({ tree, files }: System): string[] => files.map((file) => join(tree.root, file))

const folderOf = ({ tree, folder }: System): string => join(tree.root, folder).replace(/\/$/, '')

/** One that runs from exactly these files; else, of the usual reading, one of its name and folder. */
const stackOf = (system: System, stacks: readonly RunningStack[]): RunningStack | undefined => {
  const here = stacks.filter(({ files }) => systemOf(system.readings(), files) === system)
  const paths = pathsOf(system).join('\0')
  const folder = folderOf(system)
  return (
    here.find(({ files }) => files.join('\0') === paths) ??
    here.find(({ name }) => name === system.name) ??
    stacks.find(
      (stack) => system.isDefault && stack.folder === folder && stack.name === system.name,
    )
  )
}

/** Undefined: this is not the reading that somebody started. */
const observeProject = async (
  engine: DockerEngine,
  system: System,
  named: string | undefined,
): Promise<StackObservation | undefined> => {
  const isRoot = system.folder === '' && system.isDefault
  const folder = folderOf(system)
  const all = await engine.containersOf(isRoot ? (named ?? system.name) : system.name)
  // Another checkout of the same repository has the same project name.
  const places = await Promise.all(
    all.map(async (one) => (one.folder === '' ? folder : realPath(one.folder))),
  )
  const containers = all.filter((_, at) => places[at] === folder)
  const labelled = containers.find((one) => one.files.length > 0)?.files
  const files = labelled === undefined ? undefined : await Promise.all(labelled.map(realPath))
  const isMeant =
    files === undefined ? system.isDefault : systemOf(system.readings(), files) === system
  // Of one stack among many that nobody started there is nothing to say.
  if (!isMeant || (containers.length === 0 && !isRoot)) return undefined
  return observationOf(containers, system)
}

const observationOf = async (
  containers: readonly ProjectContainer[],
  { services }: System,
): Promise<StackObservation> => {
  const declared = containers.filter(({ service }) => services.has(service))
  const strangers = containers.filter(
    ({ service, isRunning }) => isRunning && !services.has(service),
  )
  const published = containers.flatMap((one) => one.published)
  const listeners = (await listListeners()).map(describeListener)
  const isKnown = ({ port, protocol }: { port: number; protocol: string }): boolean =>
    listeners.some((one) => one.port === port && one.protocol === protocol)
  return {
    at: new Date().toISOString(),
    instances: declared.map(({ service, name, isRunning, isHealthy, reason }) => ({
      ...{ service, name, isRunning, reason },
      ...(isHealthy === undefined ? {} : { isHealthy }),
    })),
    strangers: strangers.map(({ name, image }) => ({ name, image })),
    listeners: [...listeners, ...published.filter((one) => !isKnown(one))],
    ...{ requests: [], scrapes: [], notApplied: [] },
  }
}

const nobodySees = ({ dataFolder }: Context, socket: string | undefined, fault: string) => {
  const where = socket === undefined ? '' : ` at ${socket}`
  return usageError(
    `Nobody here can say what runs: no stack runs in Keelson (data folder ${dataFolder}), and no ` +
      `Docker Engine answers${where} (${fault})`,
    'start the stack (keelson up, docker compose up), or leave out --live',
  )
}
