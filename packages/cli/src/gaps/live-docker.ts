import type { StackObservation } from '@keelson/contract'
import { usageError } from '../failure.ts'
import { createDockerSocket, DockerFault, type DockerSocket } from './docker-socket.ts'
import { realPath } from './live-platform.ts'

/** A Docker Engine that answers on its socket. */
export type DockerEngine = {
  socket: string
  projects: () => Promise<DockerProject[]>
  containersOf: (project: DockerProject) => Promise<ProjectContainer[]>
}

/** What Docker Compose started once, by the labels of its containers; the same name may be elsewhere. */
export type DockerProject = {
  name: string
  /** Real paths of its folder and its compose files; no files when its labels do not say. */
  folder: string
  files: readonly string[]
}

/** A container of a project of Docker Compose. */
export type ProjectContainer = {
  service: string
  name: string
  image: string
  isRunning: boolean
  isHealthy: boolean | undefined
  /** Of what has ended: whether with 0. */
  isDone: boolean | undefined
  reason: string
  published: StackObservation['listeners']
}

const usualSocket = '/var/run/docker.sock'

/** Where the engine of this environment is; undefined for one that is not on a socket of this host. */
export const dockerSocketOf = (
  env: Readonly<Record<string, string | undefined>>,
): string | undefined => {
  const given = env['DOCKER_HOST'] ?? ''
  if (given === '') return usualSocket
  return given.startsWith('unix://') ? given.slice('unix://'.length) : undefined
}

/** The engine, or why there is none. What it gives throws when the engine cannot be understood. */
export const findEngine = async (path: string): Promise<DockerEngine | { fault: string }> => {
  const socket = createDockerSocket(path)
  try {
    const version = objectIn(await socket.ask('/version'), 'it does not say its version')
    if (textIn(version['ApiVersion']) === '') throw new DockerFault('it does not say its version')
  } catch (error) {
    return { fault: reasonOf(error) }
  }
  const told = <Result>(work: Promise<Result>): Promise<Result> =>
    work.catch((error: unknown) => {
      const message = `The Docker Engine at ${path} does not say what runs: ${reasonOf(error)}`
      throw usageError(message, 'compare with docker ps --all, or leave out --live')
    })
  return {
    socket: path,
    projects: () => told(projectsOf(socket)),
    containersOf: (project) => told(containersOf(socket, project)),
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** A project of more is looked at in part. */
const containersMax = 500
/** Of all projects. */
const listedMax = 5000
const filesMax = 100
const inspectedAtOnce = 4

type Listed = {
  id: string
  name: string
  image: string
  labels: Readonly<Record<string, string>>
  ports: readonly Json[]
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const objectIn = (value: unknown, fault: string): Json => {
  if (isObject(value)) return value
  throw new DockerFault(fault)
}

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')
const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const list = async (socket: DockerSocket, label: string): Promise<Listed[]> => {
  const query = new URLSearchParams({ all: '1', filters: JSON.stringify({ label: [label] }) })
  const listed = await socket.ask(`/containers/json?${query}`)
  const fault = 'its list of containers is none'
  if (!Array.isArray(listed)) throw new DockerFault(fault)
  return listed.slice(0, listedMax).map((one) => listedIn(objectIn(one, fault)))
}

const listedIn = ({ Id, Names, Image, Labels, Ports }: Json): Listed => {
  const id = textIn(Id)
  if (id === '') throw new DockerFault('it lists a container without an id')
  const labels = Object.entries(isObject(Labels) ? Labels : {})
  return {
    ...{ id, name: textIn(listIn(Names)[0]).replace(/^\//, '') || id.slice(0, 12) },
    image: textIn(Image),
    labels: Object.fromEntries(labels.map(([name, value]) => [name, textIn(value)])),
    ports: listIn(Ports).filter(isObject),
  }
}

const prefix = 'com.docker.compose.project'

const projectOf = async ({ labels }: Listed): Promise<DockerProject> => {
  const files = (labels[`${prefix}.config_files`] ?? '').split(',', filesMax).filter(Boolean)
  return {
    name: labels[prefix] ?? '',
    folder: await realPath(labels[`${prefix}.working_dir`] ?? ''),
    files: await Promise.all(files.map(realPath)),
  }
}

/** The engine lists the newest container first: what was applied last says from which files. */
const projectsOf = async (socket: DockerSocket): Promise<DockerProject[]> => {
  const projects = await Promise.all((await list(socket, prefix)).map(projectOf))
  const newest = Map.groupBy(projects, ({ name, folder }) => `${name}\0${folder}`)
  return [...newest.values()].flatMap((same) => same[0] ?? [])
}

const containersOf = async (
  socket: DockerSocket,
  project: DockerProject,
): Promise<ProjectContainer[]> => {
  const listed = await list(socket, `${prefix}=${project.name}`)
  const meant = listed.slice(0, containersMax)
  const containers: (ProjectContainer | undefined)[] = meant.map(() => undefined)
  const left = meant.entries()
  const look = async (): Promise<void> => {
    for (const [at, one] of left) {
      // Another checkout of the same repository has the same project name.
      if ((await projectOf(one)).folder !== project.folder) continue
      // `docker compose run`: somebody's command beside the service, and gone with it.
      if (one.labels['com.docker.compose.oneoff']?.toLowerCase() === 'true') continue
      const state = await stateOf(socket, one.id)
      if (state !== undefined) containers[at] = { ...describe(one), ...state }
    }
  }
  await Promise.all(Array.from({ length: inspectedAtOnce }, look))
  return containers.filter((one) => one !== undefined)
}

const describe = ({ name, image, labels, ports }: Listed) => ({
  ...{ name, image, service: labels['com.docker.compose.service'] ?? '' },
  published: ports.flatMap(({ PublicPort: port, Type: protocol }) =>
    !Number.isInteger(port) || (protocol !== 'tcp' && protocol !== 'udp')
      ? []
      : [{ port: Number(port), protocol, owner: `the container ${name}` } as const],
  ),
})

/** Undefined: it went away since it was listed. */
const stateOf = async (socket: DockerSocket, id: string) => {
  const found = await socket
    .ask(`/containers/${encodeURIComponent(id)}/json`)
    .catch((error: unknown) => {
      if (error instanceof DockerFault && error.status === 404) return undefined
      throw error
    })
  if (found === undefined) return undefined
  const fault = 'it does not say the state of a container'
  const state = objectIn(objectIn(found, fault)['State'], fault)
  const status = textIn(state['Status']) || 'unknown'
  const isRunning = state['Running'] === true && status !== 'restarting'
  const health = isObject(state['Health']) ? textIn(state['Health']['Status']) : ''
  const isDone = state['ExitCode'] === 0 && state['OOMKilled'] !== true
  return {
    isRunning,
    isHealthy: health === '' || health === 'none' ? undefined : health === 'healthy',
    isDone: status === 'exited' ? isDone : undefined,
    reason: isRunning ? `running${health === '' ? '' : `, ${health}`}` : endOf(status, state),
  }
}

const endOf = (status: string, { ExitCode, OOMKilled, Error }: Json): string => {
  if (OOMKilled === true) return 'killed: out of memory'
  const error = textIn(Error)
  if (error !== '') return `${status}: ${error.slice(0, 300)}`
  if (status === 'created') return 'created and never started'
  const code = Number.isInteger(ExitCode) ? Number(ExitCode) : 0
  return `${status === 'restarting' ? 'starts again after it ended' : status} with code ${code}`
}
