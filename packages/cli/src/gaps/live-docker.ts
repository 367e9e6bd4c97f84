import { request } from 'node:http'
import type { StackObservation } from '@keelson/contract'
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

/** The engine, or why there is none. */
export const findEngine = async (socket: string): Promise<DockerEngine | { fault: string }> => {
  try {
    await ask(socket, '/version')
    return {
      socket,
      projects: () => projectsOf(socket),
      containersOf: (project) => containersOf(socket, project),
    }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
}

/** A project of more is looked at in part. */
const containersMax = 500

type Listed = {
  Id: string
  Names?: string[]
  Image?: string
  Labels?: Record<string, string>
  Ports?: { PublicPort?: number; Type?: string }[]
}

const list = async (socket: string, label: string): Promise<Listed[]> => {
  const query = new URLSearchParams({ all: '1', filters: JSON.stringify({ label: [label] }) })
  return (await ask(socket, `/containers/json?${query}`)) as Listed[]
}

const prefix = 'com.docker.compose.project'

const projectOf = async ({ Labels = {} }: Listed): Promise<DockerProject> => {
  const files = (Labels[`${prefix}.config_files`] ?? '').split(',').filter(Boolean)
  return {
    name: Labels[prefix] ?? '',
    folder: await realPath(Labels[`${prefix}.working_dir`] ?? ''),
    files: await Promise.all(files.map(realPath)),
  }
}

/** The engine lists the newest container first: what was applied last says from which files. */
const projectsOf = async (socket: string): Promise<DockerProject[]> => {
  const projects = await Promise.all((await list(socket, prefix)).map(projectOf))
  const newest = Map.groupBy(projects, ({ name, folder }) => `${name}\0${folder}`)
  return [...newest.values()].flatMap((same) => same[0] ?? [])
}

const containersOf = async (
  socket: string,
  project: DockerProject,
): Promise<ProjectContainer[]> => {
  const listed = await list(socket, `${prefix}=${project.name}`)
  const containers: ProjectContainer[] = []
  for (const one of listed.slice(0, containersMax)) {
    const labels = one.Labels ?? {}
    // Another checkout of the same repository has the same project name.
    if ((await projectOf(one)).folder !== project.folder) continue
    // `docker compose run`: somebody's command beside the service, and gone with it.
    if (labels['com.docker.compose.oneoff']?.toLowerCase() === 'true') continue
    const state = await stateOf(socket, one.Id)
    if (state !== undefined) containers.push({ ...describe(one, labels), ...state })
  }
  return containers
}

const describe = ({ Id, Names, Image, Ports }: Listed, labels: Record<string, string>) => {
  const name = Names?.[0]?.replace(/^\//, '') ?? Id.slice(0, 12)
  return {
    ...{ name, image: Image ?? '', service: labels['com.docker.compose.service'] ?? '' },
    published: (Ports ?? []).flatMap(({ PublicPort: port, Type }) =>
      port === undefined || (Type !== 'tcp' && Type !== 'udp')
        ? []
        : [{ port, protocol: Type, owner: `the container ${name}` } as const],
    ),
  }
}

type Inspected = {
  State?: {
    Status?: string
    Running?: boolean
    ExitCode?: number
    OOMKilled?: boolean
    Error?: string
    Health?: { Status?: string }
  }
}

/** Undefined: it went away since it was listed. */
const stateOf = async (socket: string, id: string) => {
  const found = (await ask(socket, `/containers/${encodeURIComponent(id)}/json`).catch(
    (error: unknown) => {
      if (error instanceof Error && error.message.endsWith(' 404')) return undefined
      throw error
    },
  )) as Inspected | undefined
  if (found === undefined) return undefined
  const { Status = 'unknown', Running = false, Health, ...end } = found.State ?? {}
  const isRunning = Running && Status !== 'restarting'
  const health = Health?.Status
  return {
    isRunning,
    isHealthy: health === undefined || health === 'none' ? undefined : health === 'healthy',
    isDone: Status === 'exited' ? end.ExitCode === 0 && end.OOMKilled !== true : undefined,
    reason: isRunning ? `running${health === undefined ? '' : `, ${health}`}` : endOf(Status, end),
  }
}

const endOf = (
  status: string,
  { ExitCode = 0, OOMKilled = false, Error = '' }: NonNullable<Inspected['State']>,
): string => {
  if (OOMKilled) return 'killed: out of memory'
  if (Error !== '') return `${status}: ${Error.slice(0, 300)}`
  if (status === 'created') return 'created and never started'
  return `${status === 'restarting' ? 'starts again after it ended' : status} with code ${ExitCode}`
}

const answerLimitMs = 5000
const answerBytesMax = 16 * 1024 * 1024

/** One question to the engine's API, of any version. */
const ask = (socketPath: string, path: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(answerLimitMs)
    const asked = request({ socketPath, path, headers: { host: 'docker' }, signal }, (answer) => {
      const chunks: Buffer[] = []
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > answerBytesMax) answer.destroy(new Error('the answer is too large'))
        else chunks.push(chunk)
      })
      answer.once('error', reject)
      answer.once('end', () => {
        if (answer.statusCode !== 200) reject(new Error(`it answered ${answer.statusCode}`))
        else resolve(parse(Buffer.concat(chunks).toString('utf8')))
      })
    })
    asked.once('error', (error) =>
      reject(signal.aborted ? new Error(`no answer within ${answerLimitMs / 1000} s`) : error),
    )
    asked.end()
  })

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
