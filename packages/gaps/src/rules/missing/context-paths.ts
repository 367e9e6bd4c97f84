import { posix } from 'node:path'
import { hasWildcard } from '../../readers/dockerfile-patterns.ts'
import type { BuildEvidence, ServiceEvidence, System } from '../../systems/system.ts'

/** Folders and files that a build before the build makes: their absence in the repository is no gap. */
const madeBefore =
  /(?:^|\/)(?:target|dist|build|out|output|bin|obj|publish|release|releases|artifacts?|generated|gen|\.next|\.output|node_modules|vendor|tmp|cache|certs?|ssl|keys?|secrets?)(?:\/|$)|\.(?:jar|war|ear|whl|deb|rpm|apk|so|exe|dll|zip|t?gz|pem|crt|key|p12|jks|wasm)$/i

export const isMadeBefore = (path: string): boolean => madeBefore.test(path)

/** A source of COPY as a path in the context; undefined when it is none, or not to be told. */
export const pathInContext = (source: string): string | undefined => {
  if (source.includes('://') || source.startsWith('git@') || source.startsWith('<<')) {
    return undefined
  }
  if (hasWildcard(source) || source.includes('$')) return undefined
  // The context is a root of its own: nothing leads out of it.
  const path = posix.normalize(`/${source}`).replace(/^\/+|\/+$/g, '')
  return path === '.' ? '' : path
}

/** Path in the repository. */
export const inRepository = (context: string, path: string): string =>
  context === '' ? path : path === '' ? context : `${context}/${path}`

/** Is it surely not there, neither as a file nor as a folder nor as what somebody makes? */
export const isAbsent = (system: System, path: string): boolean => {
  const { tree } = system
  return (
    !tree.has(path) &&
    !tree.isUnknown(path) &&
    tree.under(path).length === 0 &&
    !isThereFromAbove(system, path)
  )
}

/**
 * `extensions/x/compose.yml` that says `./extensions/x/conf` is meant to be merged with the file of
 * a folder above, from which its paths are then read.
 */
const isThereFromAbove = ({ tree, folder }: System, path: string): boolean => {
  if (folder === '' || !path.startsWith(`${folder}/`)) return false
  const rest = path.slice(folder.length + 1)
  const names = folder.split('/')
  return names.some((_, index) => {
    const above = names.slice(0, index).join('/')
    return tree.has(above === '' ? rest : `${above}/${rest}`)
  })
}

/** Can the files of this build be judged? Its context is in the repository and is all known. */
export const contextOf = (build: BuildEvidence, { tree }: System): string | undefined => {
  const { context } = build
  return context !== undefined && tree.has(context) && !tree.isUnknown(context)
    ? context
    : undefined
}

/** Services that build the same file the same way tell the same gap; the first of them does. */
export const firstBuilds = ({
  services,
}: System): readonly (readonly [ServiceEvidence, BuildEvidence])[] => {
  const seen = new Set<string>()
  return [...services.values()].flatMap((service) => {
    const { build } = service
    if (build === undefined) return []
    const key = JSON.stringify([build.context, build.dockerfilePath, build.target])
    if (seen.has(key)) return []
    seen.add(key)
    return [[service, build] as const]
  })
}
