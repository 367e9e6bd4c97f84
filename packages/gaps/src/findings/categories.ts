import { stageOf } from '../systems/stage.ts'
import type { ServiceEvidence, System } from '../systems/system.ts'

/** What a service is: what its file says, what its image is known for, or the team's own code. */
export const categoryOf = ({ image, build, model }: ServiceEvidence): string => {
  if (model.xKeelson.category !== undefined) return model.xKeelson.category
  const kind = image?.known?.kind
  const isOwn = build !== undefined || model.runtime === 'process'
  if (kind !== undefined && kind !== 'runtime' && kind !== 'other') return kind
  return isOwn ? 'own code' : 'other'
}

/** Is there something to start? Undefined: it cannot be seen from here. */
export const isBuilt = (service: ServiceEvidence, { tree }: System): boolean | undefined => {
  const { build, model } = service
  if (build === undefined) return model.image !== undefined || model.runtime === 'process'
  const { dockerfile, dockerfilePath } = build
  if (dockerfile !== undefined) return !dockerfile.isEmpty && stageOf(build) !== undefined
  if (dockerfilePath === undefined) return undefined
  if (tree.sizeOf(dockerfilePath) === undefined) {
    return tree.has(dockerfilePath) || tree.isUnknown(dockerfilePath) ? undefined : false
  }
  return undefined
}

/** Why a service counts as not built, in a few words. */
export const whyNotBuilt = ({ build }: ServiceEvidence): string => {
  if (build === undefined) return 'it has neither image nor build'
  const { dockerfile, dockerfilePath, target } = build
  if (dockerfile === undefined) return `${dockerfilePath ?? 'its Dockerfile'} is not there`
  if (dockerfile.isEmpty) return `${dockerfile.file} is empty`
  return target === undefined
    ? `${dockerfile.file} has no FROM`
    : `${dockerfile.file} has no stage ${target}`
}
