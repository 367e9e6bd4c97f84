import type { ProbeSpec, ServiceSpec, StackSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { MissingResource, ResourceProgress } from '../runtime.ts'
import { contextDigest } from './build-context.ts'
import { refuseUnbuildable, settingsDigest } from './build-settings.ts'
import { label } from './container-labels.ts'
import { imageOf, withTag } from './container-names.ts'
import type { Engine } from './engine.ts'
import { buildImage } from './image-build.ts'
import { probeOf, type ImageHealthcheck } from './image-probe.ts'
import { pullImage } from './image-pull.ts'

type ImageInfo = {
  Id: string
  Config?: {
    Labels?: Record<string, string> | null
    Healthcheck?: ImageHealthcheck | null
    Volumes?: Record<string, object> | null
  } | null
  Metadata?: { LastTagTime?: string }
}
type Report = (progress: ResourceProgress) => void
type Making = { report: Report; signal?: AbortSignal | undefined }

/** Images of stacks: which are to be pulled or built, and doing so. */
export const createImageResources = ({ engine, clock }: { engine: Engine; clock: Clock }) => {
  const find = async (image: string): Promise<ImageInfo | null> =>
    (await engine.find('inspect an image', (docker) =>
      docker.getImage(image).inspect(),
    )) as ImageInfo | null

  /** Why an image that is there is to be had again; null when it is not. */
  const reasonToPull = ({ container }: ServiceSpec, found: ImageInfo): string | null => {
    if (container?.pullPolicy === 'always') return 'pull_policy: always'
    const interval = container?.pullIntervalMs
    if (interval === undefined) return null
    // The engine keeps the time; `pull` below sets it.
    const tagged = Date.parse(found.Metadata?.LastTagTime ?? '')
    const age = clock.now().getTime() - tagged
    if (age < interval) return null
    return `it was pulled ${tagged > 0 ? `${Math.floor(age / 3_600_000)} h ago` : 'long ago'}`
  }

  const reasonToBuild = async (
    { container }: ServiceSpec,
    stack: StackSpec,
    found: ImageInfo,
  ): Promise<string | null> => {
    const build = container?.build
    if (build === undefined) return null
    if (container?.pullPolicy === 'build') return 'pull_policy: build'
    const labels = found.Config?.Labels ?? {}
    const [context, settings] = [labels[label.buildContext], labels[label.buildSettings]]
    if (settings !== undefined && settings !== settingsDigest(build)) {
      return 'its build settings have changed'
    }
    if (context === undefined) return null // Not built by Keelson: from what is not known.
    const now = await contextDigest(build, stack.workingDir, clock)
    return now.digest === context ? null : 'its build context has changed'
  }

  const missingOf = async (
    service: ServiceSpec,
    stack: StackSpec,
  ): Promise<MissingResource | null> => {
    const subject = imageOf(service, stack.name)
    const isBuilt = service.container?.build !== undefined
    const found = await find(subject)
    const kind = isBuilt ? 'build_image' : 'pull_image'
    if (found === null) return { kind, subject, service: service.name }
    const reason = isBuilt
      ? await reasonToBuild(service, stack, found)
      : reasonToPull(service, found)
    return reason === null ? null : { kind, subject, service: service.name, reason }
  }

  const hookImages = async ({ hooks, name }: ServiceSpec): Promise<MissingResource[]> => {
    const missing: MissingResource[] = []
    for (const { image } of hooks.preStart) {
      if (image === undefined || (await find(withTag(image))) !== null) continue
      missing.push({ kind: 'pull_image', subject: withTag(image), service: name })
    }
    return missing
  }

  const pull = async (
    image: string,
    service: ServiceSpec | undefined,
    { report, signal }: Making,
  ): Promise<void> => {
    await pullImage({ engine, clock, signal }, image, service, report)
    if (service?.container?.pullIntervalMs === undefined || image.includes('@')) return
    const colon = image.lastIndexOf(':')
    const name = { repo: image.slice(0, colon), tag: image.slice(colon + 1) }
    await engine.call('tag an image', (docker) => docker.getImage(image).tag(name))
  }

  return {
    async missing(stack: StackSpec): Promise<MissingResource[]> {
      const missing: MissingResource[] = []
      for (const service of stack.services) {
        if (service.container === null) continue
        const own = await missingOf(service, stack)
        for (const one of [...(own === null ? [] : [own]), ...(await hookImages(service))]) {
          // Two services of one image need it once.
          if (missing.some(({ subject }) => subject === one.subject)) continue
          if (one.kind === 'build_image') await refuseUnbuildable(engine, service, stack)
          missing.push(one)
        }
      }
      return missing
    },

    pull,

    async build(stack: StackSpec, image: string, service: ServiceSpec, making: Making) {
      const build = service.container?.build
      if (build === undefined) return
      if (service.container?.pullPolicy === 'always') {
        // As Docker Compose: what cannot be pulled is built.
        try {
          await pull(image, service, making)
          return
        } catch (error) {
          if (!(error instanceof AppError && error.code === 'image_unavailable')) throw error
        }
      }
      const folder = stack.workingDir
      const { report, signal } = making
      const progress = (text: string): void => report({ text, share: null })
      const { platform } = service.container ?? {}
      await buildImage(
        { engine, clock, signal },
        { build, folder, image, service: service.name, platform, progress },
      )
    },

    imageId: async (service: ServiceSpec, stack: string): Promise<string | null> =>
      (await find(imageOf(service, stack)))?.Id ?? null,

    imageProbe: async (service: ServiceSpec, stack: string): Promise<ProbeSpec | null> => {
      const { container, probe } = service
      if (container === null || probe !== null || container.imageHealthcheck === false) return null
      const found = await find(imageOf(service, stack))
      return probeOf(found?.Config?.Healthcheck ?? null)
    },

    imageVolumes: async (service: ServiceSpec, stack: string): Promise<string[]> => {
      const found = await find(imageOf(service, stack))
      return Object.keys(found?.Config?.Volumes ?? {})
    },
  }
}
