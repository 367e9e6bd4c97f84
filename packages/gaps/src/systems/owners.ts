import { posix } from 'node:path'
import { repositoryPath } from './places.ts'
import type { ServiceEvidence } from './system.ts'
import type { Project } from '@keelson/compose'

/** Which service has a file of the repository inside, and where. */
export type Owner = { service: string; target: string | undefined; how: 'mount' | 'build' }

/**
 * Who reads a configuration file: the services that mount it (or a folder above it), then those
 * whose Dockerfile copies it.
 */
export const createOwners = (
  root: string,
  project: Project,
  services: ReadonlyMap<string, ServiceEvidence>,
): ((file: string) => readonly Owner[]) => {
  const mounts = [...services.values()].flatMap(({ name, model }) => [
    ...model.volumes
      .filter(({ type }) => type === 'bind')
      .map(({ source, target }) => ({ service: name, source, target })),
    ...[...model.configs, ...model.secrets].map(({ source, target }) => ({
      service: name,
      source: project.configs[source]?.file ?? project.secrets[source]?.file,
      target,
    })),
  ])
  const mounted = mounts.flatMap(({ source, ...mount }) => {
    const path = source === undefined ? undefined : repositoryPath(root, source)
    return path === undefined || path === '' ? [] : [{ ...mount, path }]
  })
  return (file) => {
    const found = mounted
      .filter(({ path }) => isWithin(file, path))
      .map(({ service, target, path }): Owner => {
        const rest = file.slice(path.length)
        return { service, target: target === undefined ? undefined : target + rest, how: 'mount' }
      })
    return found.length > 0 ? found : copiersOf(file, services)
  }
}

const copiersOf = (
  file: string,
  services: ReadonlyMap<string, ServiceEvidence>,
): readonly Owner[] =>
  [...services.values()].flatMap(({ name, build }) => {
    const { context, dockerfile } = build ?? {}
    if (context === undefined || dockerfile === undefined || !isWithin(file, context)) return []
    const inContext = context === '' ? file : file.slice(context.length + 1)
    const copy = dockerfile.stages
      .flatMap(({ copies }) => copies)
      .find(
        ({ sources, from }) =>
          from === undefined &&
          // `COPY . .` copies everything: no word about this file.
          sources.some((source) => source !== undefined && namesFile(source, inContext)),
      )
    return copy === undefined
      ? []
      : [{ service: name, target: copy.destination, how: 'build' as const }]
  })

const namesFile = (source: string, file: string): boolean => {
  const path = posix.normalize(source.replace(/^\/+/, ''))
  return path !== '.' && path !== './' && isWithin(file, path.replace(/\/$/, ''))
}

export const isWithin = (file: string, folder: string): boolean =>
  folder === '' || file === folder || file.startsWith(`${folder}/`)
