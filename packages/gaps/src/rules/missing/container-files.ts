import { posix } from 'node:path'
import { hasWildcard } from '../../readers/dockerfile-patterns.ts'
import { repositoryPath } from '../../systems/places.ts'
import { stageOf } from '../../systems/stage.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import { contextOf, inRepository, pathInContext } from './context-paths.ts'

/**
 * The repository path of a file inside the container, where one mount or one COPY puts it;
 * undefined when it is the image's own, made by a RUN, or may come from more than one place.
 */
export const originOf = (
  path: string,
  service: ServiceEvidence,
  system: System,
): string | undefined => {
  const { model } = service
  const mount = model.volumes
    .filter(({ target }) => isIn(path, target))
    .toSorted((a, b) => b.target.length - a.target.length)[0]
  if (mount !== undefined) {
    if (mount.type !== 'bind' || mount.source === undefined) return undefined
    const source = repositoryPath(system.tree.root, mount.source)
    if (
      source === undefined ||
      service.isUnset('volumes', String(model.volumes.indexOf(mount)), 'source')
    ) {
      return undefined
    }
    const rest = path.slice(mount.target.replace(/\/$/, '').length).replace(/^\//, '')
    return inRepository(source, rest)
  }
  return copiedFrom(path, service, system)
}

const copiedFrom = (path: string, service: ServiceEvidence, system: System): string | undefined => {
  const { build } = service
  const stage = build && stageOf(build)
  const context = build && contextOf(build, system)
  if (stage === undefined || context === undefined) return undefined
  const name = posix.basename(path)
  if (stage.runs.some(({ text }) => text.includes(name))) return undefined
  const found: string[] = []
  for (const { sources, destination, from, isAdd, hasOptions } of stage.copies) {
    if (destination === undefined || !destination.startsWith('/')) return undefined
    const target = destination.replace(/\/+$/, '')
    const mayHold = isIn(path, target === '' ? '/' : target)
    if (!mayHold) continue
    if (from !== undefined || isAdd || hasOptions) return undefined
    for (const source of sources) {
      const inContext = source === undefined ? undefined : pathInContext(source)
      if (inContext === undefined) {
        // A pattern may bring it.
        if (source === undefined || hasWildcard(source) || source.includes('$')) return undefined
        continue
      }
      const origin = inRepository(context, inContext)
      if (system.tree.isFolder(origin) || origin === '') {
        found.push(inRepository(origin, path.slice(target.length).replace(/^\//, '')))
      } else if (path === target || path === `${target}/${posix.basename(inContext)}`) {
        found.push(origin)
      }
    }
  }
  const known = found.filter((one) => system.tree.has(one))
  return known.length > 0 ? known.at(-1) : found.length === 1 ? found[0] : undefined
}

const isIn = (path: string, folder: string): boolean => {
  const plain = folder.replace(/\/+$/, '')
  return path === plain || path.startsWith(`${plain}/`)
}
