import type Docker from 'dockerode'
import type { InstanceRef, InstanceSpec } from '../runtime.ts'

/**
 * Labels are the container runtime's memory. Those of Docker Compose come along, so that its
 * commands and every tool built on them show our containers too.
 */
export const label = {
  /** Which Keelson on this engine. */
  owner: 'io.keelson.owner',
  incarnation: 'io.keelson.incarnation',
  digest: 'io.keelson.digest',
  instance: 'io.keelson.instance',
  /** A container that runs a hook before its instance is there, and nothing else. */
  hook: 'io.keelson.hook',
  /** Of an image we have built: what its build context held, and how it was built. */
  buildContext: 'io.keelson.build-context',
  buildSettings: 'io.keelson.build-settings',
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  number: 'com.docker.compose.container-number',
  oneOff: 'com.docker.compose.oneoff',
  configHash: 'com.docker.compose.config-hash',
  network: 'com.docker.compose.network',
  volume: 'com.docker.compose.volume',
  version: 'com.docker.compose.version',
  folder: 'com.docker.compose.project.working_dir',
} as const

/** Labels of a compose file. Ours say what is to be done with a thing: nobody else may write them. */
export const withoutOurs = (
  labels: Readonly<Record<string, string>> = {},
): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith('io.keelson.')))

/** Tools read it to know which shape the labels have; this is the Compose whose shape it is. */
export const composeVersion = '2.26.1'

export const labelsOf = (
  instance: InstanceSpec,
  { owner, imageId }: { owner: string; imageId: string | null },
): Record<string, string> => {
  const { spec } = instance
  const file = spec.origins['']?.[0]?.file
  const dependsOn = spec.dependsOn.map(
    ({ service, condition, restart }) => `${service}:${condition}:${String(restart)}`,
  )
  return {
    ...withoutOurs(spec.labels),
    [label.owner]: owner,
    [label.incarnation]: instance.incarnation,
    [label.digest]: instance.digest,
    [label.instance]: instance.name,
    [label.project]: instance.stack,
    [label.service]: instance.service,
    [label.number]: String(instance.index),
    [label.oneOff]: instance.oneOff === true ? 'True' : 'False',
    [label.configHash]: instance.digest,
    [label.version]: composeVersion,
    'com.docker.compose.depends_on': dependsOn.join(','),
    [label.folder]: instance.stackDir,
    ...(imageId === null ? {} : { 'com.docker.compose.image': imageId }),
    ...(file === undefined ? {} : { 'com.docker.compose.project.config_files': file }),
  }
}

/** Labels of the user: not those of Keelson, and not those of Docker Compose. */
export const ownLabels = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).filter(([name]) => !/^(io\.keelson|com\.docker\.compose)\./.test(name)),
  )

/** The instance a container belongs to, by its labels. */
export const refOf = (
  labels: Readonly<Record<string, string>>,
): InstanceRef & { digest: string } => ({
  stack: labels[label.project] ?? '',
  service: labels[label.service] ?? '',
  name: labels[label.instance] ?? '',
  index: Number(labels[label.number] ?? 1),
  incarnation: labels[label.incarnation] ?? '',
  digest: labels[label.digest] ?? '',
})

/** As `refOf`, also of a container that Docker Compose has started: its id is its incarnation. */
export const identityOf = (info: ContainerInfo): InstanceRef & { digest: string } => {
  const ref = refOf(info.Config.Labels)
  if (ref.incarnation !== '') return ref
  const name = `${ref.stack}-${ref.service}-${ref.index}`
  return { ...ref, name, incarnation: info.Id, digest: '' }
}

export const isForeign = ({ Config }: ContainerInfo): boolean =>
  Config.Labels[label.incarnation] === undefined

/** Our incarnations are UUIDs; the id of a container stands for itself. */
export const isContainerId = (incarnation: string): boolean => /^[0-9a-f]{64}$/.test(incarnation)

export const ownedBy = (owner: string): string => `${label.owner}=${owner}`

export type ContainerInfo = Docker.ContainerInspectInfo
