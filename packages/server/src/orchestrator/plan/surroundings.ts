import type { BuildSpec, ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { canonicalJson } from '../../kernel/digest.ts'
import { buildPart, type ContentReader } from './content.ts'
import type { Definitions } from './definitions.ts'
import { filePath, mountPath, partKey, type Part } from './parts.ts'
import type { KnownStacks } from '../known-stacks.ts'
import type { Runtime } from '../runtime.ts'

type SurroundingDeps = {
  content: ContentReader
  containers: Runtime
  definitions: Definitions
  stacks: KnownStacks
  contextDigest: ContextDigest | undefined
}

/** Digest of what a build would send; `entries`: of each file, where it is told. */
export type ContextDigest = (
  build: BuildSpec,
  stackDir: string,
) => Promise<{ digest: string; entries?: Readonly<Record<string, string>> }>

export type Surroundings = ReturnType<typeof createSurroundings>

/** What makes an instance and is not in the compose files: mounted files, build contexts, images. */
export const createSurroundings = (deps: SurroundingDeps) => {
  const { content, containers, definitions, stacks, contextDigest } = deps

  const imageParts = async (stack: StackSpec, spec: ServiceSpec): Promise<Part[]> => {
    if (spec.runtime !== 'container') return []
    const id = (await containers.resources?.imageId(spec, stack.name)) ?? null
    return id === null ? [] : [imagePart(id)]
  }

  const buildParts = async (stack: StackSpec, spec: ServiceSpec): Promise<Part[]> => {
    const build = spec.runtime === 'container' ? spec.container?.build : undefined
    if (build === undefined || contextDigest === undefined) return []
    try {
      return [buildPart(spec, stack.workingDir, await contextDigest(build, stack.workingDir))]
    } catch (error) {
      // A folder that is not there matters once it is built from, and is refused then.
      if (error instanceof AppError) return []
      throw error
    }
  }

  const formerOf = (stack: StackSpec, { name }: ServiceSpec): ServiceSpec | undefined =>
    stacks.find(stack.name)?.spec.services.find((service) => service.name === name)

  const appliedParts = (stack: StackSpec, spec: ServiceSpec): Part[] | null => {
    const parts = definitions.current(stack.name, spec.name)?.parts
    return parts?.filter(({ about }) => about === 'content' || about === 'image') ?? null
  }

  /** Mounted files alone: nothing that asks the engine or walks through a project. */
  const filesNow = (spec: ServiceSpec): Promise<Part[]> => content.contentOf(spec)
  const imagesNow = async (stack: StackSpec, spec: ServiceSpec): Promise<Part[]> => [
    ...(await buildParts(stack, spec)),
    ...(await imageParts(stack, spec)),
  ]

  const now = async (stack: StackSpec, spec: ServiceSpec): Promise<readonly Part[]> => {
    const seen = [...(await filesNow(spec)), ...(await imagesNow(stack, spec))]
    const keys = new Set(seen.map(partKey))
    const former = formerOf(stack, spec)
    const unseen = (appliedParts(stack, spec) ?? []).filter(
      (part) => !keys.has(partKey(part)) && former !== undefined && isSame(part, former, spec),
    )
    return [...seen, ...unseen]
  }

  return {
    filesNow,
    imagesNow,

    /** As it is now. What cannot be seen now, an image that is still to be pulled, is as applied. */
    now,

    /** As it was when the stack was applied; as it is now where that is not known. */
    applied: async (stack: StackSpec, spec: ServiceSpec): Promise<readonly Part[]> =>
      appliedParts(stack, spec) ?? (await now(stack, spec)),
  }
}

const imagePart = (id: string): Part => ({
  ...{ path: 'image', about: 'image', hash: id, live: false },
  text: id.replace(/^sha256:/, '').slice(0, 12),
})

/** Whether both definitions mean the same thing outside of compose. */
const isSame = ({ path, about }: Part, former: ServiceSpec, spec: ServiceSpec): boolean => {
  const meant = ({ container, files }: ServiceSpec): unknown =>
    about === 'image' || path === 'build'
      ? [container?.image, container?.build]
      : [
          container?.mounts.find((mount) => mountPath(mount) === path),
          files.find((file) => filePath(file) === path),
        ]
  return canonicalJson(meant(former)) === canonicalJson(meant(spec))
}
