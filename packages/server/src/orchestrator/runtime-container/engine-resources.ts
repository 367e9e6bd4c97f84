import type { ServiceSpec, StackSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { RuntimeLog, RuntimeResources } from '../runtime.ts'
import { refuseUnsupported } from './api-support.ts'
import { refuseMissingBinds } from './bind-sources.ts'
import { differencesOf } from './container-differences.ts'
import type { Finder } from './container-finder.ts'
import { forgetKeptVolumes } from './container-mounts-place.ts'
import type { Engine } from './engine.ts'
import { createImageResources } from './image-resources.ts'
import type { NetworkResources } from './network-resources.ts'
import { createVolumeResources } from './volume-resources.ts'

type ResourceDeps = {
  engine: Engine
  owner: string
  log: RuntimeLog
  clock: Clock
  finder: Finder
  networks: NetworkResources
  /** Keelson ends: what is being made is given up. */
  closing: AbortSignal
}

/** Networks, volumes and images of a stack, with the names and labels Docker Compose gives them. */
export const createResources = (deps: ResourceDeps): RuntimeResources => {
  const { engine, owner, finder, networks, closing } = deps
  const volumes = createVolumeResources(deps)
  const images = createImageResources(deps)

  const serviceOf = (stack: StackSpec, name: string | undefined): ServiceSpec | undefined =>
    stack.services.find((service) => service.name === name)

  return {
    check: async () => {
      const version = await engine.call('tell its version', (docker) => docker.version(), 5000)
      return { version: version.Version, apiVersion: version.ApiVersion }
    },

    missing: async (stack) => {
      if (stack.services.every((service) => service.container === null)) return []
      await refuseUnsupported(engine, stack)
      await refuseMissingBinds(engine, stack)
      const found = await Promise.all([
        networks.missing(stack),
        volumes.missing(stack),
        images.missing(stack),
      ])
      return found.flat()
    },

    create: async (stack, resource, report, asked) => {
      const { kind, subject } = resource
      const service = serviceOf(stack, resource.service)
      const signal = asked === undefined ? closing : AbortSignal.any([closing, asked])
      const making = { report, signal }
      switch (kind) {
        case 'create_network':
          return networks.create(stack, subject)
        case 'create_volume':
          return volumes.create(stack, subject)
        case 'pull_image':
          return images.pull(subject, service, making)
        case 'build_image':
          return service === undefined ? undefined : images.build(stack, subject, service, making)
      }
    },

    imageId: images.imageId,
    imageProbe: images.imageProbe,
    imageVolumes: images.imageVolumes,

    differences: async (ref, wanted) => {
      const info = await finder.byRef(ref)
      if (info === null) return ['']
      const image = await engine.find('inspect an image', (docker) =>
        docker.getImage(info.Image).inspect(),
      )
      const imageId = await images.imageId(wanted.spec, wanted.stack)
      return differencesOf(info, wanted, { imageId, imageConfig: image?.Config ?? null })
    },

    holders: () => finder.holders(),

    removeAll: async (stack, options) => {
      const { made } = options
      const gone = await networks.removeAll(stack, made?.networks)
      if (!options.volumes) return gone
      const more = await volumes.removeAll(stack, made?.volumes ?? [])
      // While a project of this name runs from another folder, they may be the data it goes on with.
      const forgotten = made === undefined ? [] : await forgetKeptVolumes({ engine, owner }, stack)
      const removed = [...gone.removed, ...more.removed, ...forgotten]
      return { removed, left: [...gone.left, ...more.left] }
    },
  }
}
