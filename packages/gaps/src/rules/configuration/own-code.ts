import { isWithin } from '../../systems/owners.ts'
import { repositoryPath } from '../../systems/places.ts'
import type { ServiceEvidence, SourceEvidence, System } from '../../systems/system.ts'

/**
 * The code that runs in a service as far as its Dockerfile tells: of a context that several
 * services share, what their own COPY lines take.
 */
export const codeOf = (service: ServiceEvidence, { services }: System): SourceEvidence[] => {
  const context = service.build?.context
  const dockerfile = service.build?.dockerfile
  if (context === undefined || dockerfile === undefined || dockerfile.stages.length === 0) return []
  const copies = dockerfile.stages
    .flatMap((stage) => stage.copies)
    .filter(({ from }) => from === undefined)
  const paths = copies.flatMap(({ sources }) => sources)
  if (paths.some((path) => path === undefined)) return []
  const taken = paths.flatMap((path) => {
    const clean = (path ?? '')
      .replace(/^\.?\/+/, '')
      .replace(/\/+$/, '')
      .replace(/\/?\*+.*$/, '')
    return [clean === '.' ? '' : clean]
  })
  // Several programs of one folder, each copying all of it: whose code is whose cannot be told.
  const isShared = [...services.values()].some(
    ({ build }) =>
      build?.context === context && build.dockerfilePath !== service.build?.dockerfilePath,
  )
  if (isShared && taken.includes('')) return []
  const nested = [...services.values()].flatMap(({ build }) =>
    build?.context !== undefined && build.context !== context && isWithin(build.context, context)
      ? [build.context]
      : [],
  )
  return service.sources.filter(({ file, isTest }) => {
    if (isTest || nested.some((folder) => isWithin(file, folder))) return false
    const inContext = context === '' ? file : file.slice(context.length + 1)
    return taken.some((path) => isWithin(inContext, path))
  })
}

/** What the service is given besides its environment is not known: it must not be judged. */
export const mayGetMore = (service: ServiceEvidence, { tree }: System): boolean => {
  const { model, build } = service
  const isAbsent = model.envFiles.some(({ path }) => {
    const file = repositoryPath(tree.root, path)
    return file === undefined || tree.sizeOf(file) === undefined
  })
  if (isAbsent || build?.context === undefined) return true
  // dotenv and its like read a file that lies beside the code, or is mounted there.
  const at = (name: string) => (build.context === '' ? name : `${build.context}/${name}`)
  if (
    ['.env', '.env.local', '.env.production', '.env.development'].some((name) => tree.has(at(name)))
  )
    return true
  if (
    model.volumes.some(({ target, source }) =>
      /env|config|secret/i.test(`${target} ${source ?? ''}`),
    )
  )
    return true
  return (
    model.secrets.length > 0 ||
    model.configs.length > 0 ||
    /\bexport\b|\bsource\b|\benv\b/.test((model.command ?? []).join(' '))
  )
}
