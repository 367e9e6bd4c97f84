import { join } from 'node:path'
import type { StackObservation } from '@keelson/contract'
import { describeListeners } from '@keelson/contract/listeners'
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
import { findStacks, type RunningStack } from './live-platform.ts'

/** Looks at what runs of each reading of the files, and says afterwards who saw it. */
export type Looker = {
  /** Compose files that were applied, by stack: what is read of them is held against what runs. */
  files: readonly (readonly string[])[]
  running: (system: System) => Promise<RunningEvidence | undefined>
  /** `Keelson`, `the Docker Engine at …`; undefined when nothing was seen. */
  seenBy: () => string | undefined
  /** Folders of which nothing is seen running. Throws when nothing at all runs from here. */
  unseenOf: (systems: readonly System[]) => string[]
}

type Engine = DockerEngine | { fault: string }

/**
 * What runs of a repository (its real path): by the platform of this user where it has the stack, else
 * by a Docker Engine. Without either there is nothing to hold the files against, which is an error.
 */
export const createLooker = async (context: Context, root: string): Promise<Looker> => {
  const isHere = ({ folder, files }: { folder: string; files: readonly string[] }) =>
    [folder, ...files].some((path) => `${path}/`.startsWith(`${root}/`))
  const all = await findStacks(context.dataFolder).catch(() => [])
  const stacks = all.filter(isHere)
  const socket = dockerSocketOf(context.env)
  const engine: Engine =
    socket === undefined
      ? { fault: `DOCKER_HOST is ${context.env['DOCKER_HOST']}, and only sockets are asked` }
      : await findEngine(socket)
  const others = all.map(({ name }) => name)
  if (stacks.length === 0 && 'fault' in engine) {
    throw nobodySees(context, others, `no Docker Engine answers${at(socket)} (${engine.fault})`)
  }
  const projects = 'fault' in engine ? [] : (await engine.projects()).filter(isHere)
  const known = [...stacks, ...projects]
  const seen = new Set<string>()
  return {
    files: known.map(({ files }) => files).filter((files) => files.length > 0),
    seenBy: () => (seen.size === 0 ? undefined : [...seen].join(' and ')),
    async running(system) {
      const stack = startedOf(system, stacks)
      if (stack !== undefined) {
        seen.add('Keelson')
        return evidenceOf(await stack.observe())
      }
      if ('fault' in engine) return undefined
      const project = startedOf(system, projects)
      // Of one stack among many that nobody started there is nothing to say.
      const isMeant = system.folder === '' && system.isDefault && !known.some(isOf(system))
      if (project === undefined && !isMeant) return undefined
      seen.add(`the Docker Engine at ${engine.socket}`)
      const containers = project === undefined ? [] : await engine.containersOf(project)
      return evidenceOf(await observationOf(containers, system))
    },
    unseenOf(systems) {
      // What is known to run and was not seen does not load, which is a finding.
      if (known.length === 0 && seen.size === 0) {
        throw nobodySees(context, others, `the Docker Engine${at(socket)} has no project of it`)
      }
      const folders = Map.groupBy(systems, ({ folder }) => folder)
      return [...folders].flatMap(([folder, readings]) =>
        readings.some(({ running }) => running !== undefined) ? [] : folder || '.',
      )
    },
  }
}

const at = (socket: string | undefined): string => (socket === undefined ? '' : ` at ${socket}`)

const folderOf = ({ tree, folder }: System): string => join(tree.root, folder).replace(/\/$/, '')

type Started = Pick<RunningStack, 'name' | 'folder' | 'files'>

const isOf =
  (system: System) =>
  ({ folder }: Started): boolean =>
    folder === folderOf(system)

/**
 * What was started from the files of this reading. Where nothing says from which, or from files that
 * are not here, it is the usual reading of the folder that is meant.
 */
const startedOf = <One extends Started>(
  system: System,
  started: readonly One[],
): One | undefined => {
  const own = started.filter((one) =>
    one.files.length === 0
      ? system.isDefault && isOf(system)(one)
      : systemOf(system.readings(), one.files) === system,
  )
  return own.find(({ name }) => name === system.name) ?? own[0]
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
  const listeners = await describeListeners()
  const isKnown = ({ port, protocol }: { port: number; protocol: string }): boolean =>
    listeners.some((one) => one.port === port && one.protocol === protocol)
  return {
    at: new Date().toISOString(),
    instances: declared.map(({ service, name, isRunning, isHealthy, isDone, reason }) => ({
      ...{ service, name, isRunning, reason },
      ...(isHealthy === undefined ? {} : { isHealthy }),
      ...(isDone === undefined ? {} : { isDone }),
    })),
    strangers: strangers.map(({ name, image }) => ({ name, image })),
    listeners: [...listeners, ...published.filter((one) => !isKnown(one))],
    ...{ requests: [], scrapes: [], notApplied: [] },
  }
}

const namedMax = 5

const nobodySees = ({ dataFolder }: Context, others: readonly string[], docker: string) => {
  const more = others.length > namedMax ? `, and ${others.length - namedMax} more` : ''
  const keelson =
    others.length === 0
      ? `no stack runs in Keelson (data folder ${dataFolder})`
      : `Keelson (data folder ${dataFolder}) runs ${others.slice(0, namedMax).join(', ')}${more}, ` +
        'and nothing of this folder'
  return usageError(
    `Nobody here can say what runs: ${keelson}, and ${docker}`,
    'start the stack (keelson up, docker compose up), or leave out --live',
  )
}
